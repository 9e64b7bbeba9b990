import {
  decideSchedule,
  evolveSchedule,
  exists,
  isRejection,
  type Rejection,
  type Schedule,
  type ScheduleCommand,
  type ScheduleDefinition,
  type ScheduleState,
} from '@jobstream/domain';
import { ConcurrentAppendError, LogUnavailableError, TriggerRefusedError } from '@jobstream/eventlog';
import type { RequestHandler } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { commandContext } from '../auth/caller.ts';
import { assertIfMatch } from '../http/entityTag.ts';
import { Problem } from '../problems/problem.ts';
import { noSuchSchedule, scheduleNameOf } from './schedulePath.ts';
import { decodeCreateSchedule, decodeReplaceSchedule } from './scheduleRequest.ts';
import { answerSchedule } from './scheduleView.ts';

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
    logger.warn({ schedule: name, reason: error.message }, 'trigger of a schedule not set, leaving it to the workers');
  }
}

/** Throws a Problem when the NATS server does not accept the schedule: it may know fewer time zones than this process. */
export async function assertAccepted(name: string, definition: ScheduleDefinition, { log }: ApiDeps): Promise<void> {
  try {
    await log.schedules.triggers.assertAccepted({ name, ...definition });
  } catch (error) {
    if (!(error instanceof TriggerRefusedError)) throw error;
    const pointer = error.message.includes('time zone') ? '/timeZone' : '/cron';
    throw new Problem('invalid-request', { errors: [{ pointer, detail: error.message }], cause: error });
  }
}

/** `POST /api/schedules` */
export function createSchedule(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const { name, definition } = decodeCreateSchedule(req);
    await assertAccepted(name, definition, deps);
    const context = commandContext(res, Date.now());
    const command = { ...context, kind: 'CreateSchedule', schedule: name, definition } as const;
    const schedule = await changeSchedule({ name, command }, deps);
    res.setHeader('Location', `/api/schedules/${name}`);
    answerSchedule(res, 201, schedule);
  };
}

/** `PUT /api/schedules/:name`: the whole definition anew. */
export function replaceSchedule(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const name = scheduleNameOf(req);
    const definition = decodeReplaceSchedule(req, name);
    await assertAccepted(name, definition, deps);
    const command = { ...commandContext(res, Date.now()), kind: 'UpdateSchedule', definition } as const;
    const assertAllowed = ({ definitionVersion }: { definitionVersion: number }) =>
      assertIfMatch(req, definitionVersion);
    answerSchedule(res, 200, await changeSchedule({ name, command, assertAllowed }, deps));
  };
}

/** `DELETE /api/schedules/:name`: its history stays, and so do the jobs that it created. */
export function deleteSchedule(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const name = scheduleNameOf(req);
    const command = { ...commandContext(res, Date.now()), kind: 'DeleteSchedule' } as const;
    const assertAllowed = ({ definitionVersion }: { definitionVersion: number }) =>
      assertIfMatch(req, definitionVersion);
    await changeSchedule({ name, command, assertAllowed }, deps);
    res.statusCode = 204;
    res.end();
  };
}
