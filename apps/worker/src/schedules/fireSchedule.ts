import { decideSchedule, exists, isRejection, planTicks } from '@jobstream/domain';
import type { JobEvent, Schedule, TickPlan } from '@jobstream/domain';
import {
  appendUnique,
  type ClaimedEvents,
  ConcurrentAppendError,
  decideAgain,
  isUniqueCreation,
  UniqueKeyHeldError,
} from '@jobstream/eventlog';
import type { FiredTrigger, ScheduleSnapshot } from '@jobstream/eventlog';
import type { SchedulerContext } from './schedulerContext.ts';
import { jobFromTick } from './jobFromTick.ts';

/**
 * Carries out a fired trigger for one schedule and returns the schedule if it is enabled. First it creates
 * the jobs, each of which can be created only once, then it records the ticks. A worker that comes between two of these
 * steps, or repeats them all, adds nothing.
 */
export function fireSchedule(
  name: string,
  trigger: FiredTrigger,
  context: SchedulerContext,
  known?: ScheduleSnapshot,
): Promise<Schedule | undefined> {
  let first = known;
  return decideAgain(async () => {
    const snapshot = first ?? (await context.eventLog.schedules.reader.read(name));
    first = undefined;
    if (snapshot === undefined || !exists(snapshot.schedule) || !snapshot.schedule.enabled) return undefined;
    await createJobsAndRecord(snapshot, trigger, context);
    return snapshot.schedule;
  });
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
  const areThere = await Promise.all(jobs.map((job) => createOnce(job, context)));
  const created = jobs.filter((_job, index) => areThere[index]);
  const skipped = plan.skipped + jobs.length - created.length;
  await record({ ...plan, skipped }, created, snapshot, { trigger, context });
}

/** Returns whether the job is there, created now or before: not while another one holds its unique key. */
async function createOnce(job: JobEvent, { eventLog }: SchedulerContext): Promise<boolean> {
  if (isUniqueCreation(job)) return createUnique(job, eventLog);
  try {
    await eventLog.append(job, 0);
  } catch (error) {
    if (!(error instanceof ConcurrentAppendError)) throw error;
  }
  return true;
}

async function createUnique(job: JobEvent, log: SchedulerContext['eventLog']): Promise<boolean> {
  try {
    const append = ({ events, claims }: ClaimedEvents) => log.appendAll(events, claims);
    const isThere = async () => (await log.readJob(job.jobId)) !== undefined;
    const held = await appendUnique([job], { append, exists: isThere }, { log });
    return held?.has(job.jobId) !== true;
  } catch (error) {
    if (error instanceof UniqueKeyHeldError) return false;
    throw error;
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
