import { cronOf, nextTicks } from '@jobstream/domain';
import type { Schedule } from '@jobstream/domain';
import { TriggerRefusedError } from '@jobstream/eventlog';
import type { FiredTrigger } from '@jobstream/eventlog';
import type { SchedulerContext } from './schedulerContext.ts';

const AT_ONCE = 50;
/** A restarted server rounds the time by up to half a second, and passes over a tick in it. */
const JUST_PASSED_OVER_MS = 2_000;

/** Makes the triggers match the schedules in the log: each enabled schedule has one, no other has. */
export async function reconcileTriggers(context: SchedulerContext): Promise<void> {
  const { reader, triggers } = context.eventLog.schedules;
  const names = [...new Set([...(await reader.names()), ...(await triggers.names())])];
  for (let start = 0; start < names.length; start += AT_ONCE) {
    await Promise.all(names.slice(start, start + AT_ONCE).map((name) => reconcileTrigger(name, context)));
  }
}

/** As reconcileTriggers, for one schedule, whose state must have reached `version`. */
export async function reconcileTrigger(name: string, context: SchedulerContext, version?: number): Promise<void> {
  try {
    await context.eventLog.schedules.triggers.reconcile(name, version);
  } catch (error) {
    if (!(error instanceof TriggerRefusedError)) throw error;
    context.logger.error({ err: error, schedule: name }, 'setting the trigger of a schedule failed');
  }
}

/**
 * Sets an extra trigger when the schedule's next tick comes before the server fires next. The two differ after a restart
 * of the server, or when its time zone database is of another release than ours.
 */
export async function coverNextTick(
  schedule: Schedule,
  trigger: FiredTrigger,
  { eventLog }: SchedulerContext,
): Promise<void> {
  const firedAt = Date.parse(trigger.firedAt);
  const [nextTick] = nextTicks({ cron: cronOf(schedule.cron), timeZone: schedule.timeZone }, firedAt, 1);
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
