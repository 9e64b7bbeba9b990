import { ScheduleName } from '@jobstream/domain';
import type { Result } from 'effect';
import { Schema, SchemaTransformation } from 'effect';
import { DEFAULT_LIMIT, Limit } from '../jobs/listJobsQuery.ts';
import { Problem } from '../problems/problem.ts';
import { schemaErrors } from '../http/schemaErrors.ts';

const Sequence = Schema.String.check(
  Schema.isPattern(/^[1-9]\d{0,14}$/u, { expected: 'the nextCursor of an earlier page' }),
).pipe(Schema.decodeTo(Schema.Int, SchemaTransformation.transform({ decode: Number, encode: String })));

/** The query of `GET /api/schedules`: a cursor is the name after which the page begins. */
export const SchedulesQuery = Schema.Struct({
  limit: Schema.optionalKey(Limit),
  cursor: Schema.optionalKey(ScheduleName),
});
/** The query of `GET /api/schedules/:name/events`: a cursor is the sequence before which the page begins. */
export const ScheduleEventsQuery = Schema.Struct({
  limit: Schema.optionalKey(Limit),
  cursor: Schema.optionalKey(Sequence),
});

const strict = { errors: 'all', onExcessProperty: 'error' } as const;
const decodeSchedules = Schema.decodeUnknownResult(SchedulesQuery, strict);
const decodeEvents = Schema.decodeUnknownResult(ScheduleEventsQuery, strict);

export function schedulesPage(parameters: unknown): { readonly limit: number; readonly cursor?: string } {
  return { limit: DEFAULT_LIMIT, ...decoded(decodeSchedules(parameters)) };
}

export function scheduleEventsPage(parameters: unknown): { readonly limit: number; readonly cursor?: number } {
  return { limit: DEFAULT_LIMIT, ...decoded(decodeEvents(parameters)) };
}

function decoded<Query>(result: Result.Result<Query, Schema.SchemaError>): Query {
  if (result._tag === 'Success') return result.success;
  const errors = schemaErrors(result.failure.issue).map(({ path, detail }) => ({ parameter: path.join('.'), detail }));
  throw new Problem('invalid-parameter', { errors });
}
