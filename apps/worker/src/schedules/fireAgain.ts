import { cronOf, nextTicks } from '@jobstream/domain';
import type { Schedule } from '@jobstream/domain';
import type { FiredTrigger } from '@jobstream/eventlog';
import type { SchedulerContext } from './schedulerContext.ts';

/** A server that comes back rounds the time by up to half a second, and passes over a tick in it. */
const JUST_PASSED_OVER_MS = 2_000;

/**
 * Sets one more trigger when the schedule's next tick comes before the server's next firing. The two differ
 * after a restart of the server, or when its time zone database is of another release than ours.
 */
export async function fireAgain(
  schedule: Schedule,
  trigger: FiredTrigger,
  { eventLog }: SchedulerContext,
): Promise<void> {
  const firedAt = Date.parse(trigger.firedAt);
  const ticking = { cron: cronOf(schedule.cron), timeZone: schedule.timeZone };
  const [nextTick] = nextTicks(ticking, firedAt, 1);
  const nextFireAt = nextFireAfter(trigger, firedAt);
  if (nextTick === undefined || nextFireAt === undefined || nextTick >= nextFireAt) return;
  await eventLog.schedules.triggers.fireAt(schedule.name, iso(nextTick), iso(nextFireAt));
}

/** A trigger for all schedules carries no next firing; it covers only the ticks that the server has just passed over. */
function nextFireAfter({ schedule, nextFireAt }: FiredTrigger, firedAt: number): number | undefined {
  if (nextFireAt !== undefined) return Date.parse(nextFireAt);
  return schedule === undefined ? firedAt + JUST_PASSED_OVER_MS : undefined;
}

function iso(instant: number): string {
  return new Date(instant).toISOString();
}
