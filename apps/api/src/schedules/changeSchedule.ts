import { decideSchedule, evolveSchedule, exists, isRejection } from '@jobstream/domain';
import type { Rejection, Schedule, ScheduleCommand, ScheduleState } from '@jobstream/domain';
import { ConcurrentAppendError, LogUnavailableError } from '@jobstream/eventlog';
import type { ApiDeps } from '../apiDeps.ts';
import { Problem } from '../problems/problem.ts';
import { noSuchSchedule } from './scheduleNameOf.ts';

export interface ScheduleChange {
  readonly name: string;
  readonly command: ScheduleCommand;
  /** Throws a Problem if this schedule must not be changed. */
  readonly assertAllowed?: (schedule: Schedule) => void;
}

// A schedule of every second records its ticks meanwhile; who loses this often has met something else than bad luck.
const MAX_TRIES = 8;

/**
 * Carries out a command on the schedule as it is now and returns the schedule after it. Its trigger is set to match; should
 * that fail, a worker that hears of the event does it, or one that comes back.
 */
export async function changeSchedule(change: ScheduleChange, deps: ApiDeps): Promise<Schedule> {
  for (let tries = 1; ; tries++) {
    try {
      const schedule = await decideAndAppend(change, deps);
      await setTrigger(schedule, deps);
      return schedule;
    } catch (error) {
      if (!(error instanceof ConcurrentAppendError)) throw error;
      if (tries === MAX_TRIES) throw new Problem('schedule-changed', { cause: error });
    }
  }
}

async function decideAndAppend({ name, command, assertAllowed }: ScheduleChange, { log }: ApiDeps): Promise<Schedule> {
  const { schedule, sequence, tenant } = await log.schedules.reader.readEnd(name);
  if (exists(schedule)) assertAllowed?.(schedule);
  const decision = decideSchedule(command, schedule);
  if (isRejection(decision)) throw problemOf(decision);
  // Where the log has forgotten all but the end of a schedule, that history would come with the name as well.
  if (sequence > 0 && decision.tenant !== tenant) throw new Problem('schedule-exists', { detail: 'the name is taken' });
  await log.schedules.append(decision, sequence);
  return decided(evolveSchedule(schedule, decision));
}

function decided(state: ScheduleState): Schedule {
  if (state === undefined) throw new Error('a schedule that something happened to has a state');
  return state;
}

function problemOf({ kind, detail }: Rejection): Problem {
  return kind === 'not-found' ? noSuchSchedule() : new Problem('schedule-exists', { detail });
}

async function setTrigger({ name, version }: Schedule, { log, logger }: ApiDeps): Promise<void> {
  try {
    await log.schedules.triggers.reconcile(name, version);
  } catch (error) {
    if (!(error instanceof LogUnavailableError)) throw error;
    logger.warn({ schedule: name, reason: error.message }, 'the trigger of a schedule is left to the workers');
  }
}
