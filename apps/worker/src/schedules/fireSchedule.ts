import { decideSchedule, exists, isRejection, planTicks } from '@jobstream/domain';
import type { JobEvent, Schedule, TickPlan } from '@jobstream/domain';
import { ConcurrentAppendError } from '@jobstream/eventlog';
import type { FiredTrigger, ScheduleSnapshot } from '@jobstream/eventlog';
import type { SchedulerContext } from './schedulerContext.ts';
import { jobFromTick } from './jobFromTick.ts';

/** Conflicting changes to tolerate while one trigger is handled; more than this points to another fault. */
const MAX_TRIES = 8;

/**
 * Carries out a fired trigger for one schedule and returns the schedule if it is enabled. First it creates
 * the jobs, each of which can be created only once, then it records the ticks. A worker that comes between two of these
 * steps, or repeats them all, adds nothing.
 */
export async function fireSchedule(
  name: string,
  trigger: FiredTrigger,
  context: SchedulerContext,
  known?: ScheduleSnapshot,
): Promise<Schedule | undefined> {
  for (let tries = 1; ; tries += 1) {
    const snapshot = tries === 1 && known !== undefined ? known : await context.eventLog.schedules.reader.read(name);
    if (snapshot === undefined || !exists(snapshot.schedule) || !snapshot.schedule.enabled) return undefined;
    try {
      await createJobsAndRecord(snapshot, trigger, context);
      return snapshot.schedule;
    } catch (error) {
      if (!(error instanceof ConcurrentAppendError) || tries === MAX_TRIES) throw error;
    }
  }
}

async function createJobsAndRecord(
  snapshot: ScheduleSnapshot,
  trigger: FiredTrigger,
  context: SchedulerContext,
): Promise<void> {
  const plan = planTicks(snapshot.schedule, { firedAt: trigger.firedAt, isForOne: trigger.schedule !== undefined });
  if (plan === undefined) return;
  const { clock, eventLog } = context;
  const { type, unset } = snapshot.schedule.job;
  const definition = unset === undefined ? undefined : await eventLog.announcements.definitionOf(type);
  const jobs = plan.fire.map((tickAt) => jobFromTick(snapshot.schedule, tickAt, { clock, definition }));
  await Promise.all(jobs.map((job) => createOnce(job, context)));
  await record(plan, jobs, snapshot, { trigger, context });
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
  { trigger, context }: { trigger: FiredTrigger; context: SchedulerContext },
): Promise<void> {
  const { clock, eventLog, logger } = context;
  const command = {
    kind: 'RecordTicks',
    eventId: clock.newId(),
    at: clock.now(),
    actor: { kind: 'scheduler', id: schedule.name },
    causationId: trigger.id,
    tickAt,
    jobIds: jobs.map(({ jobId }) => jobId),
    skipped,
  } as const;
  const decision = decideSchedule(command, schedule);
  if (isRejection(decision)) return;
  await eventLog.schedules.append(decision, sequence);
  logger.debug({ schedule: schedule.name, tickAt, jobs: jobs.length, skipped }, 'schedule ticked');
}
