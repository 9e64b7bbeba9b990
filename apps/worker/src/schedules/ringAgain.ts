import { cronOf, nextTicks } from '@jobstream/domain';
import type { Schedule } from '@jobstream/domain';
import type { Alarm } from '@jobstream/eventlog';
import type { SchedulerContext } from './schedulerContext.ts';

/** A server that comes back rounds the time by up to half a second, and passes over a tick in it. */
const JUST_PASSED_OVER_MS = 2_000;

/**
 * Asks for one more alarm when the schedule's next tick comes before the server's next ring. That happens where the two
 * do not agree: after a restart of the server, or when its time zone database is of another release than ours.
 */
export async function ringAgain(schedule: Schedule, alarm: Alarm, { eventLog }: SchedulerContext): Promise<void> {
  const rungAt = Date.parse(alarm.rungAt);
  const ticking = { cron: cronOf(schedule.cron), timeZone: schedule.timeZone };
  const [nextTick] = nextTicks(ticking, rungAt, 1);
  const nextRing = nextRingAfter(alarm, rungAt);
  if (nextTick === undefined || nextRing === undefined || nextTick >= nextRing) return;
  await eventLog.schedules.alarms.ringAt(schedule.name, iso(nextTick), iso(nextRing));
}

/** An alarm for all schedules knows of no ring; what it must provide for is only what the server has just passed over. */
function nextRingAfter({ schedule, nextRing }: Alarm, rungAt: number): number | undefined {
  if (nextRing !== undefined) return Date.parse(nextRing);
  return schedule === undefined ? rungAt + JUST_PASSED_OVER_MS : undefined;
}

function iso(instant: number): string {
  return new Date(instant).toISOString();
}
