import {
  CatchUp,
  CronExpression,
  isObject,
  neverTicks,
  requestOfTemplate,
  type Schedule,
  type ScheduleDefinition,
  scheduleDefinition,
  ScheduleName,
  TimeZone,
  uniqueFaults,
} from '@jobstream/domain';
import { CreateJobRequest, RequestedUnique } from '@jobstream/creation';
import * as Schema from 'effect/Schema';
import type { Request } from 'express';
import { bodyDecoder, fieldOf, findJsonFaults } from '../http/parsing/decodeBody.ts';
import { limitPayload } from '../jobs/create/createJobRequest.ts';
import type { FieldError } from '../problems/problem.ts';

const { runAt: _runAt, delayMs: _delayMs, unique: _unique, ...fields } = CreateJobRequest.fields;
const { onConflict: _onConflict, ...rule } = RequestedUnique.fields;
/** A tick that finds its key held would repeat the payload that is there. */
const jobFields = { ...fields, unique: Schema.optionalKey(Schema.Struct(rule)) };
const definition = {
  cron: CronExpression,
  timeZone: Schema.optionalKey(TimeZone),
  job: Schema.Struct(jobFields),
  enabled: Schema.optionalKey(Schema.Boolean),
  catchUp: Schema.optionalKey(
    Schema.Struct({
      policy: Schema.optionalKey(CatchUp.fields.policy),
      limit: Schema.optionalKey(CatchUp.fields.limit),
    }),
  ),
};
/** The body of `POST /api/schedules`. */
export const CreateScheduleRequest = Schema.Struct({ name: ScheduleName, ...definition });
export type CreateScheduleRequest = typeof CreateScheduleRequest.Type;

const decodeCreate = bodyDecoder(CreateScheduleRequest);
/** The body of `PUT /api/schedules/:name`, which may repeat the name. */
export const ReplaceScheduleRequest = Schema.Struct({ name: Schema.optionalKey(ScheduleName), ...definition });
export type ReplaceScheduleRequest = typeof ReplaceScheduleRequest.Type;

const decodeReplace = bodyDecoder(ReplaceScheduleRequest);

const { job: _job, ...others } = definition;

/** The body of `PATCH /api/schedules/:name`: what is to change, and why. */
export const ChangeScheduleRequest = Schema.Struct({
  ...others,
  cron: Schema.optionalKey(CronExpression),
  job: Schema.optionalKey(Schema.Struct({ ...jobFields, type: Schema.optionalKey(jobFields.type) })),
  reason: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(1_000))),
});

/**
 * Decodes a request that creates a schedule.
 *
 * @throws Problem `invalid-request`, which lists all mistakes at once.
 */
export function decodeCreateSchedule(req: Request): { readonly name: string; readonly definition: ScheduleDefinition } {
  const request = decodeCreate(req.body, mistakes(req.body));
  limitPayload(Number(req.headers['content-length']), request.job.payload, '/job/payload');
  return { name: request.name, definition: scheduleDefinition(request) };
}

/** Decodes a request whose path names the schedule, like decodeCreateSchedule. */
export function decodeReplaceSchedule(req: Request, name: string): ScheduleDefinition {
  const request = decodeReplace(req.body, [...mistakes(req.body), ...nameErrors(req.body, name)]);
  limitPayload(Number(req.headers['content-length']), request.job.payload, '/job/payload');
  return scheduleDefinition(request);
}

const decodeReason = bodyDecoder(Schema.Struct({ reason: ChangeScheduleRequest.fields.reason }));

/**
 * Decodes a request with parts of a definition: fields that it does not have stay as they are, also those of `job` and
 * `catchUp`. The whole is checked like that of decodeReplaceSchedule.
 */
export function decodeChangeSchedule(req: Request, schedule: Schedule) {
  const { cron, timeZone, job, enabled, catchUp, name } = schedule;
  const { reason: _reason, ...changes } = isObject(req.body) ? req.body : {};
  const whole = {
    cron,
    timeZone,
    enabled,
    ...changes,
    job: merged(requestOfTemplate(job), changes['job']),
    catchUp: merged(catchUp, changes['catchUp']),
  };
  const request = decodeReplace(isObject(req.body) ? whole : req.body, [
    ...mistakes(whole),
    ...nameErrors(whole, name),
  ]);
  limitPayload(Number(req.headers['content-length']), request.job.payload, '/job/payload');
  const reason = fieldOf(req.body, 'reason');
  return { definition: scheduleDefinition(request), ...decodeReason(reason === undefined ? {} : { reason }) };
}

function merged(before: object, given: unknown): unknown {
  return given === undefined ? before : isObject(given) ? { ...before, ...given } : given;
}

function mistakes(body: unknown): readonly FieldError[] {
  return [...neverTickErrors(body), ...uniqueErrors(body), ...findJsonFaults(body)];
}

function uniqueErrors(body: unknown): readonly FieldError[] {
  return uniqueFaults(fieldOf(body, 'job')).map(({ pointer, detail }) => ({ pointer: `/job${pointer}`, detail }));
}

function nameErrors(body: unknown, name: string): readonly FieldError[] {
  const given = fieldOf(body, 'name');
  const differs = typeof given === 'string' && given !== name;
  return differs ? [{ pointer: '/name', detail: 'must be the name in the path, or be left out' }] : [];
}

function neverTickErrors(body: unknown): readonly FieldError[] {
  const cron = fieldOf(body, 'cron');
  const never = typeof cron === 'string' && neverTicks(cron, Date.now());
  return never ? [{ pointer: '/cron', detail: 'must tick at least once in the next five years' }] : [];
}
