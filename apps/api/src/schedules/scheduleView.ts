import {
  cronOf,
  jobSettings,
  type JobTemplate,
  nextTicks,
  requestOfTemplate,
  Schedule,
  ScheduleEvent,
  Timestamp,
} from '@jobstream/domain';
import type { RecordedScheduleEvent } from '@jobstream/eventlog';
import * as Schema from 'effect/Schema';
import type { Response } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { entityTag } from '../http/entityTag.ts';
import { type BodyOf, sendJson } from '../http/sendJson.ts';
import { type PayloadWarning, unlessEmpty, warningsField } from '../payloads/payloadWarning.ts';

const NEXT_TICKS = 3;

const { fields } = Schedule;

/** The public view of a schedule. */
export const ScheduleView = Schema.Struct({
  name: fields.name,
  tenant: fields.tenant,
  cron: fields.cron,
  timeZone: fields.timeZone,
  job: fields.job.annotateKey({
    description:
      'What each tick creates. The settings in `unset` were left out: the definition of the type decides at each tick. They are shown as the next job will have them.',
  }),
  enabled: fields.enabled,
  catchUp: fields.catchUp,
  version: Schema.Int.annotateKey({ description: 'The version of the definition: ticks do not change it.' }),
  createdAt: fields.createdAt,
  updatedAt: fields.updatedAt,
  lastTick: fields.lastTick,
  nextTicks: Schema.Array(Timestamp).annotateKey({
    description: 'The next three; empty while the schedule is disabled.',
  }),
  definedBy: Schema.optionalKey(Schema.String).annotateKey({
    description:
      'The worker whose definition names the schedule: of those that have announced one within the last day, the one that started last.',
  }),
  warnings: warningsField,
}).annotate({ identifier: 'Schedule' });

type ViewDeps = Pick<ApiDeps, 'announced' | 'log'>;

/** Makes the view of a schedule with its next ticks. */
export function scheduleView(schedule: Schedule, { announced, log }: ViewDeps): BodyOf<typeof ScheduleView> {
  const now = log.clock.now();
  return {
    ...definition(schedule),
    job: nextJob(schedule.job, announced),
    version: schedule.definitionVersion,
    createdAt: schedule.createdAt,
    updatedAt: schedule.updatedAt,
    lastTick: schedule.lastTick,
    nextTicks: ticksOf(schedule, now),
    ...definedBy(schedule, announced),
  };
}

/** Definitions name no schedule of a tenant. */
function definedBy({ name, tenant, job }: Schedule, announced: ViewDeps['announced']) {
  const naming = announced.type(job.type)?.announcements.find(({ schedule }) => schedule === name);
  return naming === undefined || tenant !== undefined ? {} : { definedBy: naming.worker };
}

function definition({ name, tenant, cron, timeZone, job, enabled, catchUp }: Schedule) {
  return { name, tenant, cron, timeZone, job, enabled, catchUp };
}

/** The template with the settings that its next job gets. */
function nextJob(job: JobTemplate, announced: ViewDeps['announced']): JobTemplate {
  if (job.unset === undefined) return job;
  const { maxAttempts, backoff, timeoutMs } = jobSettings(requestOfTemplate(job), 0, announced.definition(job.type));
  return { ...job, maxAttempts, backoff, timeoutMs };
}

function ticksOf({ cron, timeZone, enabled }: Schedule, now: number): string[] {
  if (!enabled) return [];
  const ticks = nextTicks({ cron: cronOf(cron), timeZone }, now, NEXT_TICKS);
  return ticks.map((tick) => new Date(tick).toISOString());
}

const [Created, Updated, Deleted, Ticked] = ScheduleEvent.members;
const viewOf = <const Fields extends Schema.Struct.Fields>(identifier: string, event: Fields) =>
  Schema.Struct({ sequence: Schema.Int, recordedAt: Timestamp, ...event }).annotate({ identifier });

/** The public view of an event of a schedule and its position. */
export const ScheduleEventView = Schema.Union([
  viewOf('ScheduleCreated', Created.fields),
  viewOf('ScheduleUpdated', Updated.fields),
  viewOf('ScheduleDeleted', Deleted.fields),
  viewOf('ScheduleTicked', Ticked.fields),
]).annotate({ identifier: 'ScheduleEvent' });

export function scheduleEventView(recorded: RecordedScheduleEvent): BodyOf<typeof ScheduleEventView> {
  const { sequence, recordedAt, event } = recorded;
  return { sequence, recordedAt, ...event };
}

/** Sends a schedule with its next ticks. The entity tag is for `If-Match`, so ticks do not change it. */
export function sendSchedule(
  res: Response,
  { status, deps }: { readonly status: number; readonly deps: ViewDeps },
  schedule: Schedule,
  warnings: readonly PayloadWarning[] = [],
): void {
  res.setHeader('ETag', entityTag(schedule.definitionVersion));
  res.setHeader('Cache-Control', 'private, no-store');
  const body = { ...scheduleView(schedule, deps), warnings: unlessEmpty(warnings) };
  sendJson(res, status, body);
}
