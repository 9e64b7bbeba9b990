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
import { ConcurrentAppendError, decideAgain, LogUnavailableError, TriggerRefusedError } from '@jobstream/eventlog';
import type { RequestHandler, Response } from 'express';
import type { ApiDeps } from '../apiDeps.ts';
import { nameSubject } from '../audit/auditedChange.ts';
import { commandContext } from '../auth/caller.ts';
import { invalidRequest } from '../http/parsing/decodeBody.ts';
import { assertIfMatch } from '../http/entityTag.ts';
import type { PayloadWarning } from '../payloads/payloadWarning.ts';
import { requireUnderstood } from '../jobs/create/requireUnderstood.ts';
import { Problem } from '../problems/problem.ts';
import { noSuchSchedule, scheduleNameOf } from './schedulePath.ts';
import { decodeChangeSchedule, decodeCreateSchedule, decodeReplaceSchedule } from './scheduleRequest.ts';
import { sendSchedule } from './scheduleView.ts';

interface ScheduleChange {
  readonly name: string;
  readonly command: ScheduleCommand;
  /** Throws a Problem if the schedule must not be changed. */
  readonly assertAllowed?: (schedule: Schedule) => void;
}

/**
 * Applies a command to the current state of a schedule and sets its trigger to match.
 *
 * If the trigger cannot be set, a worker sets it when it receives the event, or when it starts.
 */
async function changeSchedule(change: ScheduleChange, deps: ApiDeps): Promise<Schedule> {
  const schedule = await decideAgain(() => decideAndAppend(change, deps)).catch((cause: unknown) => {
    throw cause instanceof ConcurrentAppendError ? new Problem('schedule-changed', { cause }) : cause;
  });
  await setTrigger(schedule, deps);
  return schedule;
}

async function decideAndAppend({ name, command, assertAllowed }: ScheduleChange, { log }: ApiDeps): Promise<Schedule> {
  const { schedule, sequence, tenant } = await log.schedules.reader.readEnd(name);
  if (exists(schedule)) assertAllowed?.(schedule);
  const decision = decideSchedule(command, schedule);
  if (isRejection(decision)) throw problemOf(decision);
  // If only the end of its history is left, the schedule of another tenant would come with the name.
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

/**
 * Checks that the NATS server accepts a schedule, which may know fewer time zones than this process, and that all processes understand
 * what its jobs ask for.
 *
 * @throws Problem `invalid-request`, `upgrade-unfinished`
 */
async function assertAccepted(
  name: string,
  definition: ScheduleDefinition,
  res: Response,
  deps: ApiDeps,
): Promise<void> {
  const { log } = deps;
  try {
    await log.schedules.triggers.assertAccepted({ name, ...definition });
  } catch (error) {
    if (!(error instanceof TriggerRefusedError)) throw error;
    const pointer = error.message.includes('time zone') ? '/timeZone' : '/cron';
    throw new Problem('invalid-request', { errors: [{ pointer, detail: error.message }], cause: error });
  }
  const { type, priority } = definition.job;
  await requireUnderstood([definition.job], res, deps);
  if (priority !== undefined) await log.lanes.open(type, priority);
}

/**
 * Checks the payload of the jobs of a schedule as that of a single job. One that is disabled creates none, and it must
 * be possible to disable a schedule whose payload its workers accept no longer.
 *
 * @throws Problem `invalid-request`
 */
function checkTemplate(
  { job: { type, payload }, enabled }: ScheduleDefinition,
  tenant: string | undefined,
  { payloads }: ApiDeps,
): readonly PayloadWarning[] {
  if (!enabled) return [];
  const { errors, warnings } = payloads.check({ type, payload, tenant, place: '/job', isNew: true });
  if (errors.length > 0) throw invalidRequest(errors);
  return warnings;
}

/** `POST /api/schedules` */
export function createSchedule(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const { name, definition } = decodeCreateSchedule(req);
    nameSubject(res, name);
    const context = commandContext(res, deps.log.clock.now());
    const warnings = checkTemplate(definition, context.tenant, deps);
    await assertAccepted(name, definition, res, deps);
    const command = { ...context, kind: 'CreateSchedule', schedule: name, definition } as const;
    const schedule = await changeSchedule({ name, command }, deps);
    res.setHeader('Location', `/api/schedules/${name}`);
    sendSchedule(res, { status: 201, deps }, schedule, warnings);
  };
}

/** `PUT /api/schedules/:name`: replaces the definition. */
export function replaceSchedule(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const name = scheduleNameOf(req);
    const definition = decodeReplaceSchedule(req, name);
    const context = commandContext(res, deps.log.clock.now());
    const warnings = checkTemplate(definition, context.tenant, deps);
    await assertAccepted(name, definition, res, deps);
    const command = { ...context, kind: 'UpdateSchedule', definition } as const;
    const assertAllowed = ({ definitionVersion }: { definitionVersion: number }) =>
      assertIfMatch(req, definitionVersion);
    const schedule = await changeSchedule({ name, command, assertAllowed }, deps);
    sendSchedule(res, { status: 200, deps }, schedule, warnings);
  };
}

/** `PATCH /api/schedules/:name`: changes parts of the definition that the log has now. */
export function patchSchedule(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const name = scheduleNameOf(req);
    const snapshot = await deps.log.schedules.reader.read(name);
    if (!exists(snapshot?.schedule)) throw noSuchSchedule();
    const { definition, ...why } = decodeChangeSchedule(req, snapshot.schedule);
    const context = commandContext(res, deps.log.clock.now());
    const warnings = checkTemplate(definition, context.tenant, deps);
    await assertAccepted(name, definition, res, deps);
    const command = { ...context, kind: 'UpdateSchedule', definition, ...why } as const;
    const { definitionVersion: read } = snapshot.schedule;
    const assertAllowed = ({ definitionVersion }: Schedule) => {
      assertIfMatch(req, definitionVersion);
      // What was not to be changed would be changed back.
      if (definitionVersion !== read)
        throw new Problem('schedule-changed', { detail: 'another definition came first' });
    };
    const schedule = await changeSchedule({ name, command, assertAllowed }, deps);
    sendSchedule(res, { status: 200, deps }, schedule, warnings);
  };
}

/** `DELETE /api/schedules/:name`: the history and the created jobs remain. */
export function deleteSchedule(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const name = scheduleNameOf(req);
    const command = { ...commandContext(res, deps.log.clock.now()), kind: 'DeleteSchedule' } as const;
    const assertAllowed = ({ definitionVersion }: { definitionVersion: number }) =>
      assertIfMatch(req, definitionVersion);
    await changeSchedule({ name, command, assertAllowed }, deps);
    res.statusCode = 204;
    res.end();
  };
}
