import { Schema, SchemaTransformation } from 'effect';
import { Instant } from '../http/instant.ts';
import { Problem, type FieldError } from '../problems/problem.ts';
import { schemaErrors } from '../http/schemaErrors.ts';

const MAX_WAIT_MS = 60_000;
const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 };

const Wait = Schema.String.check(
  Schema.isPattern(/^\d{1,5}(ms|s|m)$/u, { expected: 'a time such as 500ms or 30s' }),
  Schema.makeFilter((text) => waitMs(text) <= MAX_WAIT_MS || 'must be at most 60s'),
).pipe(Schema.decodeTo(Schema.Int, SchemaTransformation.transform({ decode: waitMs, encode: (ms) => `${ms}ms` })));

const Version = Schema.String.check(
  Schema.isPattern(/^[1-9]\d{0,8}$/u, {
    expected: 'a version: a whole number from 1 on',
    jsonSchema: { type: 'integer', minimum: 1, maximum: 999_999_999 },
  }),
).pipe(Schema.decodeTo(Schema.Int, SchemaTransformation.transform({ decode: Number, encode: String })));

/** The query of `GET /api/jobs/:id`. */
export const JobQuery = Schema.Struct({
  wait: Schema.optionalKey(Wait).annotateKey({
    description: 'Answer when the job has ended, at the latest after this time: `500ms`, `30s`, at most `60s`.',
  }),
  minVersion: Schema.optionalKey(Version).annotateKey({
    description: 'Answer when the job has this version: to read what you have just written.',
  }),
  asOf: Schema.optionalKey(Schema.String).annotateKey({
    description: 'The job as it was at this time, or after the event with this `sequence`.',
    examples: ['2026-01-31T09:30:00Z', '1042'],
  }),
});

/** A place in the log, or an instant as RFC 3339 in UTC. */
export type Moment = number | string;

export interface JobPlan {
  readonly waitMs?: number;
  readonly minVersion?: number;
  readonly asOf?: Moment;
}

const decode = Schema.decodeUnknownResult(JobQuery, { errors: 'all', onExcessProperty: 'error' });
const decodeInstant = Schema.decodeUnknownResult(Instant);

/** What a request asks for; throws a Problem that names each wrong parameter. */
export function decodeJobPlan(parameters: unknown): JobPlan {
  const result = decode(parameters);
  if (result._tag === 'Failure') {
    throw invalid(
      schemaErrors(result.failure.issue).map(({ path, detail }) => ({ parameter: path.join('.'), detail })),
    );
  }
  const { wait, asOf, ...given } = result.success;
  if (asOf === undefined) return { ...given, ...(wait === undefined ? {} : { waitMs: wait }) };
  if (wait === undefined && given.minVersion === undefined) return { asOf: momentOf(asOf) };
  throw invalid([{ parameter: 'asOf', detail: 'must not be given together with wait or minVersion' }]);
}

function momentOf(text: string): Moment {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const result = decodeInstant(text);
  if (result._tag === 'Success') return result.success;
  const detail = `must be a sequence or an RFC 3339 time (write the + of an offset as %2B)`;
  throw invalid([{ parameter: 'asOf', detail }]);
}

function waitMs(text: string): number {
  const [, count, unit = ''] = /^(\d+)(\w+)$/.exec(text) ?? [];
  return Number(count) * (unitMs[unit] ?? Number.NaN);
}

function invalid(errors: readonly FieldError[]): Problem {
  return new Problem('invalid-parameter', { errors });
}
