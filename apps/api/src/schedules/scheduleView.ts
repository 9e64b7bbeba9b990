import { cronOf, nextTicks } from '@jobstream/domain';
import type { Schedule } from '@jobstream/domain';
import type { RecordedScheduleEvent } from '@jobstream/eventlog';

const NEXT_TICKS = 3;

/** A schedule as clients see it, with its next ticks after `now` (milliseconds). Its version is that of its definition. */
export function scheduleView(schedule: Schedule, now: number): object {
  const { name, tenant, cron, timeZone, job, enabled, catchUp, definitionVersion, createdAt, updatedAt, lastTick } =
    schedule;
  const settings = { name, tenant, cron, timeZone, job, enabled, catchUp };
  return { ...settings, version: definitionVersion, createdAt, updatedAt, lastTick, nextTicks: ticksOf(schedule, now) };
}

function ticksOf({ cron, timeZone, enabled }: Schedule, now: number): string[] {
  if (!enabled) return [];
  const ticks = nextTicks({ cron: cronOf(cron), timeZone }, now, NEXT_TICKS);
  return ticks.map((tick) => new Date(tick).toISOString());
}

/** An event of a schedule as clients see it, with its place in the log. */
export function scheduleEventView({ sequence, recordedAt, event }: RecordedScheduleEvent): object {
  return { sequence, recordedAt, ...event };
}
