import { cronOf, nextTicks, Schedule, ScheduleEvent, Timestamp } from '@jobstream/domain';
import type { RecordedScheduleEvent } from '@jobstream/eventlog';
import * as Schema from 'effect/Schema';
import type { Response } from 'express';
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
  job: fields.job,
  enabled: fields.enabled,
  catchUp: fields.catchUp,
  version: Schema.Int.annotateKey({ description: 'The version of the definition: ticks do not change it.' }),
  createdAt: fields.createdAt,
  updatedAt: fields.updatedAt,
  lastTick: fields.lastTick,
  nextTicks: Schema.Array(Timestamp).annotateKey({
    description: 'The next three; empty while the schedule is disabled.',
  }),
  warnings: warningsField,
}).annotate({ identifier: 'Schedule' });

/** Makes the view of a schedule with its next ticks after `now` (milliseconds). */
export function scheduleView(schedule: Schedule, now: number): BodyOf<typeof ScheduleView> {
  return {
    ...definition(schedule),
    version: schedule.definitionVersion,
    createdAt: schedule.createdAt,
    updatedAt: schedule.updatedAt,
    lastTick: schedule.lastTick,
    nextTicks: ticksOf(schedule, now),
  };
}

function definition({ name, tenant, cron, timeZone, job, enabled, catchUp }: Schedule) {
  return { name, tenant, cron, timeZone, job, enabled, catchUp };
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

/** Sends a schedule with its ticks after `now`, in milliseconds. The entity tag is for `If-Match`, so ticks do not change it. */
export function sendSchedule(
  res: Response,
  { status, now }: { readonly status: number; readonly now: number },
  schedule: Schedule,
  warnings: readonly PayloadWarning[] = [],
): void {
  res.setHeader('ETag', entityTag(schedule.definitionVersion));
  res.setHeader('Cache-Control', 'private, no-store');
  const body = { ...scheduleView(schedule, now), warnings: unlessEmpty(warnings) };
  sendJson(res, status, body);
}
