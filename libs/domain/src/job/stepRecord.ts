import * as Schema from 'effect/Schema';
import { Attempt, DurationMs, JobError } from './job.ts';
import { SignalName } from './settings/signals.ts';
import { EventId } from '../messages/eventEnvelope.ts';
import { Timestamp } from '../messages/timestamp.ts';

/** Since this version attempts record steps, and a payload may be changed without losing them: decision 0060. */
export const STEPS_PROTOCOL = 6;

/** Steps that a job may have; one that ran again counts once. */
export const MAX_STEPS = 1_000;
/** Bytes of JSON that the result of a step may have. */
export const MAX_STEP_RESULT_BYTES = 256 * 1024;
/** Bytes of JSON that all steps of a job may have together, as they are stored. */
export const MAX_STEPS_BYTES = 512 * 1024;

/** How many steps were recorded. */
export const EntryCount = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0));

/** The name of a step, and the key of one that a loop repeats: 1 to 128 characters, no control characters. */
export const StepName = Schema.String.check(
  Schema.isPattern(/^\P{Cc}{1,128}$/u, {
    expected: 'a name of 1 to 128 characters without control characters',
  }),
);

/**
 * How a step has ended: with an error, or with a result, which is left out where its function returned nothing. One that waits for a
 * signal has its payload for a result, and the signal that it has read; until then it may have been recorded with `waitsUntil`, the end of
 * its time limit.
 */
export const StepOutcome = Schema.Struct({
  name: StepName,
  key: Schema.optionalKey(StepName),
  result: Schema.optionalKey(Schema.Unknown),
  error: Schema.optionalKey(JobError),
  signal: Schema.optionalKey(Schema.Struct({ id: EventId, name: SignalName })),
  waitsUntil: Schema.optionalKey(Timestamp),
  durationMs: DurationMs,
});
export type StepOutcome = typeof StepOutcome.Type;

/** A step of a job as it was recorded last: by which attempt, and when. */
export const RecordedStep = Schema.Struct({ ...StepOutcome.fields, attempt: Attempt, at: Timestamp });
export type RecordedStep = typeof RecordedStep.Type;

/** What tells the steps of a job apart: no name and no key has a line break. */
export function stepId({ name, key }: Pick<StepOutcome, 'name' | 'key'>): string {
  return key === undefined ? name : `${name}\n${key}`;
}
