import { decideSchedule, exists, isRejection, planTicks } from '@jobstream/domain';
import type { JobEvent, Schedule, TickPlan } from '@jobstream/domain';
import { ConcurrentAppendError } from '@jobstream/eventlog';
import type { Alarm, ScheduleSnapshot } from '@jobstream/eventlog';
import type { SchedulerContext } from './schedulerContext.ts';
import { tickJob } from './tickJob.ts';

/** What is wrong with a schedule that changes more often than this while an alarm is answered is something else. */
const MAX_TRIES = 8;

/**
 * Does for one schedule what an alarm calls for, and returns the schedule if it is enabled. First the jobs, each of
 * which can be created only once, then the record that the ticks are dealt with: whoever comes between two of these
 * steps, or does them all again, adds nothing.
 */
export async function fireSchedule(
  name: string,
  alarm: Alarm,
  context: SchedulerContext,
  known?: ScheduleSnapshot,
): Promise<Schedule | undefined> {
  for (let tries = 1; ; tries += 1) {
    const snapshot = tries === 1 && known !== undefined ? known : await context.eventLog.schedules.reader.read(name);
    if (snapshot === undefined || !exists(snapshot.schedule) || !snapshot.schedule.enabled) return undefined;
    try {
      await carryOut(snapshot, alarm, context);
      return snapshot.schedule;
    } catch (error) {
      if (!(error instanceof ConcurrentAppendError) || tries === MAX_TRIES) throw error;
    }
  }
}

async function carryOut(snapshot: ScheduleSnapshot, alarm: Alarm, context: SchedulerContext): Promise<void> {
  const plan = planTicks(snapshot.schedule, { rungAt: alarm.rungAt, isForOne: alarm.schedule !== undefined });
  if (plan === undefined) return;
  const jobs = plan.fire.map((tickAt) => tickJob(snapshot.schedule, tickAt, context.clock));
  await Promise.all(jobs.map((job) => createOnce(job, context)));
  await record(plan, jobs, snapshot, { alarm, context });
}

async function createOnce(job: JobEvent, { eventLog }: SchedulerContext): Promise<void> {
  try {
    await eventLog.append(job, 0);
  } catch (error) {
    if (!(error instanceof ConcurrentAppendError)) throw error;
  }
}

async function record(
  { tickAt, skipped }: TickPlan,
  jobs: readonly JobEvent[],
  { schedule, sequence }: ScheduleSnapshot,
  { alarm, context }: { alarm: Alarm; context: SchedulerContext },
): Promise<void> {
  const { clock, eventLog, logger } = context;
  const command = {
    command: 'RecordTicks',
    eventId: clock.newId(),
    at: clock.now(),
    actor: { kind: 'scheduler', id: schedule.name },
    causationId: alarm.id,
    tickAt,
    jobIds: jobs.map(({ jobId }) => jobId),
    skipped,
  } as const;
  const decision = decideSchedule(command, schedule);
  if (isRejection(decision)) return;
  await eventLog.schedules.append(decision, sequence);
  logger.debug({ schedule: schedule.name, tickAt, jobs: jobs.length, skipped }, 'ticked');
}
