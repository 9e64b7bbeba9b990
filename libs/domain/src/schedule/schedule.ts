import * as Schema from 'effect/Schema';
import { Backoff } from '../job/settings/backoff.ts';
import { definedSettings, MaxAttempts, Tags, TimeoutMs } from '../job/job.ts';
import { JobId, JobType } from '../job/jobId.ts';
import type { NewJobRequest } from '../job/newJob.ts';
import { Lane } from '../job/settings/priority.ts';
import { Unique } from '../job/settings/unique.ts';
import { Tenant } from '../messages/tenant.ts';
import { Timestamp } from '../messages/timestamp.ts';
import { CronExpression } from './cron.ts';
import { TimeZone } from './timeZone.ts';

/** The name of a schedule: a NATS subject token of 1 to 63 lower-case letters, digits and dashes, no dash first. */
export const ScheduleName = Schema.String.check(
  Schema.isPattern(/^[a-z0-9][a-z0-9-]{0,62}$/u, {
    expected: 'a schedule name: 1 to 63 lower-case letters, digits and dashes, not starting with a dash',
  }),
);
export type ScheduleName = typeof ScheduleName.Type;

/**
 * What each tick creates: the fields of a job that are the same every time. The settings in `unset` were left out: the definition
 * of the type gives them at each tick, and what stands here is for readers that do not know the field.
 */
export const JobTemplate = Schema.Struct({
  type: JobType,
  payload: Schema.Unknown,
  maxAttempts: MaxAttempts,
  backoff: Backoff,
  timeoutMs: TimeoutMs,
  tags: Tags,
  unset: Schema.optionalKey(Schema.Array(Schema.Literals(definedSettings))),
  priority: Schema.optionalKey(Lane),
  /** A tick creates no job while an earlier one holds its unique key. */
  unique: Schema.optionalKey(Unique),
});
export type JobTemplate = typeof JobTemplate.Type;

/**
 * What becomes of ticks that were missed while nothing ran: `skip` none of them, `latest` the newest unless another tick
 * is on time, `all` the newest `limit` of them.
 */
export const CatchUp = Schema.Struct({
  policy: Schema.Literals(['skip', 'latest', 'all']),
  limit: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1_000 })),
});
export type CatchUp = typeof CatchUp.Type;

export const defaultCatchUp: CatchUp = { policy: 'skip', limit: 100 };

const definition = {
  cron: CronExpression,
  timeZone: TimeZone,
  job: JobTemplate,
  enabled: Schema.Boolean,
  catchUp: CatchUp,
};

/** Everything that a user says about a schedule, but for its name. */
export const ScheduleDefinition = Schema.Struct(definition);
export type ScheduleDefinition = typeof ScheduleDefinition.Type;

/** The ticks up to `tickAt` are dealt with: these jobs were created for some of them, and `skipped` got none. */
export const TickRecord = Schema.Struct({
  tickAt: Timestamp,
  jobIds: Schema.Array(JobId),
  skipped: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)),
});
export type TickRecord = typeof TickRecord.Type;

/**
 * The state of a schedule. `version` counts its events, `definitionVersion` is the version of the event that defined it
 * last: ticks do not change that. Ticks after `ticksFrom` count. One that was deleted has `deletedAt` and is as good as
 * none, but for its version: a new one of the same name continues the history, and so must be of the same tenant.
 */
export const Schedule = Schema.Struct({
  name: ScheduleName,
  ...definition,
  version: Schema.Int,
  definitionVersion: Schema.Int,
  ticksFrom: Timestamp,
  createdAt: Timestamp,
  updatedAt: Timestamp,
  lastTick: Schema.optionalKey(TickRecord),
  deletedAt: Schema.optionalKey(Timestamp),
  tenant: Schema.optionalKey(Tenant),
});
export type Schedule = typeof Schedule.Type;

/** A name that never had a schedule has no state. */
export type ScheduleState = Schedule | undefined;

/** Whether there is a schedule, as opposed to none or only the memory of one. */
export function exists(state: ScheduleState): state is Schedule & { readonly deletedAt?: never } {
  return state !== undefined && state.deletedAt === undefined;
}

/** The request for a job of a template: without the settings that were left out. */
export function requestOfTemplate({ unset = [], ...template }: JobTemplate): NewJobRequest {
  const left = new Set<string>(unset);
  return Object.fromEntries(Object.entries(template).filter(([name]) => !left.has(name))) as unknown as NewJobRequest;
}

const MAX_TAGS = 32;

/** The tags of the jobs that a schedule creates: those of its template, and one with its name if there is room. */
export function jobTagsOf({ name, job }: Pick<Schedule, 'name' | 'job'>): readonly string[] {
  return [...job.tags, `schedule:${name}`].slice(0, MAX_TAGS);
}
