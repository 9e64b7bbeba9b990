import { nextTicks, parseCron } from '@jobstream/domain';
import type { ScheduleDefinition } from '@jobstream/domain';
import { Schema } from 'effect';
import type { Request } from 'express';
import { decodeBody } from '../http/decodeBody.ts';
import { findJsonFaults } from '../http/findJsonFaults.ts';
import { limitPayload } from '../jobs/limitPayload.ts';
import type { FieldError } from '../problems/problem.ts';
import { CreateScheduleRequest, ReplaceScheduleRequest, definitionOf } from './scheduleRequest.ts';

const strict = { errors: 'all', onExcessProperty: 'error' } as const;
const decodeCreate = Schema.decodeUnknownResult(CreateScheduleRequest, strict);
const decodeReplace = Schema.decodeUnknownResult(ReplaceScheduleRequest, strict);

/** The schedule in the body of a request that creates it; throws a Problem that names all mistakes at once. */
export function decodeCreateSchedule(req: Request): { readonly name: string; readonly definition: ScheduleDefinition } {
  const request = decodeBody(decodeCreate(req.body), mistakes(req.body));
  limitPayload(Number(req.headers['content-length']), request.job.payload, '/job/payload');
  return { name: request.name, definition: definitionOf(request) };
}

/** As decodeCreateSchedule, for a request whose path names the schedule. */
export function decodeReplaceSchedule(req: Request, name: string): ScheduleDefinition {
  const request = decodeBody(decodeReplace(req.body), [...mistakes(req.body), ...otherName(req.body, name)]);
  limitPayload(Number(req.headers['content-length']), request.job.payload, '/job/payload');
  return definitionOf(request);
}

function mistakes(body: unknown): readonly FieldError[] {
  return [...neverTicks(body), ...findJsonFaults(body)];
}

function otherName(body: unknown, name: string): readonly FieldError[] {
  const given = field(body, 'name');
  const differs = typeof given === 'string' && given !== name;
  return differs ? [{ pointer: '/name', detail: 'must be the name in the path, or be left out' }] : [];
}

/** A cron can be well formed and name no day that exists, such as 30 February. */
function neverTicks(body: unknown): readonly FieldError[] {
  const cron = field(body, 'cron');
  const parsed = typeof cron === 'string' ? parseCron(cron) : undefined;
  if (parsed === undefined || 'problem' in parsed) return [];
  const ticks = nextTicks({ cron: parsed.cron, timeZone: 'UTC' }, Date.now(), 1).length > 0;
  return ticks ? [] : [{ pointer: '/cron', detail: 'must tick at least once in the next five years' }];
}

function field(body: unknown, name: string): unknown {
  return typeof body === 'object' && body !== null ? (body as Readonly<Record<string, unknown>>)[name] : undefined;
}
