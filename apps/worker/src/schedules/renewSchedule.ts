import { decideSchedule, isRejection } from '@jobstream/domain';
import type { Schedule, ScheduleCommand } from '@jobstream/domain';
import { ConcurrentAppendError } from '@jobstream/eventlog';
import type { FiredTrigger } from '@jobstream/eventlog';
import type { SchedulerContext } from './schedulerContext.ts';

/**
 * Says once more what a schedule is when half the time is over after which the log forgets events, for otherwise a log
 * with an age limit would forget the schedule. The new event also says which ticks are dealt with.
 */
export async function renewSchedule(known: Schedule, trigger: FiredTrigger, context: SchedulerContext): Promise<void> {
  const { eventLog, keepMs } = context;
  const age = Date.parse(trigger.firedAt) - Date.parse(known.updatedAt);
  if (keepMs === 0 || age < keepMs / 2) return;
  const snapshot = await eventLog.schedules.reader.read(known.name);
  if (snapshot === undefined) return;
  const decision = decideSchedule(sameAgain(snapshot.schedule, trigger, context), snapshot.schedule);
  if (isRejection(decision)) return;
  try {
    await eventLog.schedules.append(decision, snapshot.sequence);
  } catch (error) {
    // Somebody changed it a moment ago, which renews it as well.
    if (!(error instanceof ConcurrentAppendError)) throw error;
  }
}

function sameAgain(schedule: Schedule, trigger: FiredTrigger, { clock }: SchedulerContext): ScheduleCommand {
  const { name, cron, timeZone, job, enabled, catchUp } = schedule;
  return {
    kind: 'UpdateSchedule',
    eventId: clock.newId(),
    at: clock.now(),
    actor: { kind: 'scheduler', id: name },
    causationId: trigger.id,
    definition: { cron, timeZone, job, enabled, catchUp },
  };
}
