import { ArchiveCorruptError, ArchiveUnavailableError } from '@jobstream/archive';
import { exists } from '@jobstream/domain';
import { HistoryIncompleteError } from '@jobstream/eventlog';
import type { FiredTrigger, ScheduleSnapshot } from '@jobstream/eventlog';
import { isUnavailable } from '../attempt/retryUntilAvailable.ts';
import { fireSchedule } from './fireSchedule.ts';
import { reconcileTriggers } from './reconcileTriggers.ts';
import { renewSchedule } from './renewSchedule.ts';
import { fireAgain } from './fireAgain.ts';
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
  else await fireAgain(schedule, trigger, context);
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
    if (schedule !== undefined) await fireAgain(schedule, trigger, context);
    await renewSchedule(snapshot.schedule, trigger, context);
  } catch (error) {
    if (mustWait(error)) throw error;
    context.logger.error({ err: error, schedule: name }, 'a schedule could not be fired');
  }
}

/**
 * While the log or its archive is unavailable the trigger is redelivered, and all others wait behind it. Any other failure
 * would repeat with each redelivery and block all schedules: its ticks count as missed when the schedule fires next.
 */
function settleFailure(error: unknown, trigger: FiredTrigger, { logger }: SchedulerContext): void {
  if (mustWait(error)) {
    logger.warn(
      { err: error, schedule: trigger.schedule },
      'event log or archive unavailable, the trigger will be redelivered',
    );
    trigger.nak(RETRY_MS);
  } else {
    logger.error({ err: error, schedule: trigger.schedule }, 'a schedule could not be fired');
    trigger.ack();
  }
}

/** Whether no schedule could be fired now. Without the whole archive nobody can tell whether a tick has its job already. */
function mustWait(error: unknown): boolean {
  return isUnavailable(error) || ARCHIVE_ERRORS.some((kind) => error instanceof kind);
}
