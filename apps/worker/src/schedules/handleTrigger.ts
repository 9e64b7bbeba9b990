import { ArchiveCorruptError, ArchiveUnavailableError } from '@jobstream/archive';
import { decideSchedule, exists, isRejection } from '@jobstream/domain';
import type { Schedule, ScheduleCommand } from '@jobstream/domain';
import { ConcurrentAppendError, HistoryIncompleteError } from '@jobstream/eventlog';
import type { FiredTrigger, ScheduleSnapshot } from '@jobstream/eventlog';
import { isUnavailable } from '@jobstream/worker/engine';
import { fireSchedule } from './fireSchedule.ts';
import { coverNextTick, reconcileTriggers } from './reconcileTriggers.ts';
import type { SchedulerContext } from './schedulerContext.ts';

const RETRY_MS = 1_000;
const READ_AT_ONCE = 200;
const ARCHIVE_ERRORS = [ArchiveUnavailableError, ArchiveCorruptError, HistoryIncompleteError] as const;

/** Handles one fired trigger, from its arrival to its acknowledgement. Never rejects. */
export async function handleTrigger(trigger: FiredTrigger, context: SchedulerContext): Promise<void> {
  try {
    if (trigger.schedule === undefined) await fireAll(trigger, context);
    else await fireOne(trigger.schedule, trigger, context);
    trigger.ack();
  } catch (error) {
    settleFailure(error, trigger, context);
  }
}

async function fireOne(name: string, trigger: FiredTrigger, context: SchedulerContext): Promise<void> {
  const schedule = await fireSchedule(name, trigger, context);
  if (schedule === undefined) await context.eventLog.schedules.triggers.reconcile(name);
  else await coverNextTick(schedule, trigger, context);
}

/** Goes through all triggers and schedules; one that cannot be fired does not stop those after it. */
async function fireAll(trigger: FiredTrigger, context: SchedulerContext): Promise<void> {
  await reconcileTriggers(context);
  const { reader } = context.eventLog.schedules;
  const names = await reader.names();
  for (let start = 0; start < names.length; start += READ_AT_ONCE) {
    for (const snapshot of await reader.readAll(names.slice(start, start + READ_AT_ONCE))) {
      await fireKnown(snapshot, trigger, context);
    }
  }
}

async function fireKnown(snapshot: ScheduleSnapshot, trigger: FiredTrigger, context: SchedulerContext): Promise<void> {
  if (!exists(snapshot.schedule)) return;
  const { name } = snapshot.schedule;
  try {
    const schedule = await fireSchedule(name, trigger, context, snapshot);
    if (schedule !== undefined) await coverNextTick(schedule, trigger, context);
    await renewSchedule(snapshot.schedule, trigger, context);
  } catch (error) {
    if (mustWait(error)) throw error;
    context.logger.error({ err: error, schedule: name }, 'firing a schedule failed');
  }
}

/**
 * Appends the definition of a schedule again when half the time is over after which its events expire, so that a log
 * with an age limit keeps the schedule. The new event also has which ticks are dealt with.
 */
async function renewSchedule(known: Schedule, trigger: FiredTrigger, context: SchedulerContext): Promise<void> {
  const { eventLog, keepMs } = context;
  const age = Date.parse(trigger.firedAt) - Date.parse(known.updatedAt);
  if (keepMs === 0 || age < keepMs / 2) return;
  const snapshot = await eventLog.schedules.reader.read(known.name);
  if (snapshot === undefined) return;
  const decision = decideSchedule(renewal(snapshot.schedule, trigger, context), snapshot.schedule);
  if (isRejection(decision)) return;
  try {
    await eventLog.schedules.append(decision, snapshot.sequence);
  } catch (error) {
    // A change of a moment ago renews it as well.
    if (!(error instanceof ConcurrentAppendError)) throw error;
  }
}

function renewal(schedule: Schedule, trigger: FiredTrigger, { clock }: SchedulerContext): ScheduleCommand {
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

/**
 * While the log or its archive is unavailable the trigger is redelivered, and all others wait behind it. Any other failure
 * would repeat with each redelivery and block all schedules: its ticks count as missed when the schedule fires next.
 */
function settleFailure(error: unknown, trigger: FiredTrigger, { logger }: SchedulerContext): void {
  if (mustWait(error)) {
    logger.warn(
      { err: error, schedule: trigger.schedule },
      'event log or archive unavailable: the trigger will be redelivered',
    );
    trigger.nak(RETRY_MS);
  } else {
    logger.error({ err: error, schedule: trigger.schedule }, 'firing a schedule failed');
    trigger.ack();
  }
}

/** Whether no schedule could be fired now. Without the whole archive it is unknown whether a tick has its job already. */
function mustWait(error: unknown): boolean {
  return isUnavailable(error) || ARCHIVE_ERRORS.some((kind) => error instanceof kind);
}
