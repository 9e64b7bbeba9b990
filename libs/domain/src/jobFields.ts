import { Schema } from 'effect';

/** What a handler threw, as it is stored. */
export const JobError = Schema.Struct({
  name: Schema.String,
  message: Schema.String,
  code: Schema.optionalKey(Schema.String),
  stack: Schema.optionalKey(Schema.String),
});
export type JobError = typeof JobError.Type;

export const FailureReason = Schema.Literals(['attempts-exhausted', 'unrecoverable', 'invalid-payload', 'worker-lost']);
export type FailureReason = typeof FailureReason.Type;

export const Attempt = Schema.Int.check(Schema.isGreaterThanOrEqualTo(1));
export const MaxAttempts = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1_000 }));
/** Milliseconds that one attempt may run, from 1 to seven days. */
export const TimeoutMs = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 7 * 86_400_000 }));
export const Tags = Schema.Array(Schema.String.check(Schema.isBetweenLength(1, 128))).check(Schema.isMaxLength(32));
export const DurationMs = Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0));
export const Percent = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 100 }));
