import { ArchiveCorruptError, ArchiveUnavailableError } from '@jobstream/archive';
import { exists } from '@jobstream/domain';
import { HistoryIncompleteError } from '@jobstream/eventlog';
import type { Alarm, ScheduleSnapshot } from '@jobstream/eventlog';
import { isLogAway } from '../attempt/untilAvailable.ts';
import { fireSchedule } from './fireSchedule.ts';
import { putAlarmsRight } from './putAlarmsRight.ts';
import { renewSchedule } from './renewSchedule.ts';
import { ringAgain } from './ringAgain.ts';
import type { SchedulerContext } from './schedulerContext.ts';

const RETRY_MS = 1_000;
const READ_AT_ONCE = 200;
const ARCHIVE_ERRORS = [ArchiveUnavailableError, ArchiveCorruptError, HistoryIncompleteError] as const;

/** One alarm from its arrival to its answer. Never rejects. */
export async function answerAlarm(alarm: Alarm, context: SchedulerContext): Promise<void> {
  try {
    if (alarm.schedule === undefined) await fireAll(alarm, context);
    else await fireOne(alarm.schedule, alarm, context);
    alarm.ack();
  } catch (error) {
    answerFailure(error, alarm, context);
  }
}

async function fireOne(name: string, alarm: Alarm, context: SchedulerContext): Promise<void> {
  const schedule = await fireSchedule(name, alarm, context);
  if (schedule === undefined) await context.eventLog.schedules.alarms.sync(name);
  else await ringAgain(schedule, alarm, context);
}

/** Goes through all alarms and schedules; one that cannot be fired is no reason to leave out those after it. */
async function fireAll(alarm: Alarm, context: SchedulerContext): Promise<void> {
  await putAlarmsRight(context);
  const { reader } = context.eventLog.schedules;
  const names = await reader.names();
  for (let start = 0; start < names.length; start += READ_AT_ONCE) {
    for (const snapshot of await reader.readAll(names.slice(start, start + READ_AT_ONCE))) {
      await fireKnown(snapshot, alarm, context);
    }
  }
}

async function fireKnown(snapshot: ScheduleSnapshot, alarm: Alarm, context: SchedulerContext): Promise<void> {
  if (!exists(snapshot.schedule)) return;
  const { name } = snapshot.schedule;
  try {
    const schedule = await fireSchedule(name, alarm, context, snapshot);
    if (schedule !== undefined) await ringAgain(schedule, alarm, context);
    await renewSchedule(snapshot.schedule, alarm, context);
  } catch (error) {
    if (mustWait(error)) throw error;
    context.logger.error({ err: error, schedule: name }, 'a schedule could not be fired');
  }
}

/**
 * While the log or its archive is away the alarm waits, and all others behind it. Any other failure would come again with
 * the alarm and hold up all schedules: what is left undone counts as missed when the next alarm rings for the schedule.
 */
function answerFailure(error: unknown, alarm: Alarm, { logger }: SchedulerContext): void {
  if (mustWait(error)) {
    logger.warn({ err: error, schedule: alarm.schedule }, 'the log or its archive is away: the alarm will come again');
    alarm.release(RETRY_MS);
  } else {
    logger.error({ err: error, schedule: alarm.schedule }, 'a schedule could not be fired');
    alarm.ack();
  }
}

/** Whether no schedule could be fired now. Without the whole archive nobody can tell whether a tick has its job already. */
function mustWait(error: unknown): boolean {
  return isLogAway(error) || ARCHIVE_ERRORS.some((kind) => error instanceof kind);
}
