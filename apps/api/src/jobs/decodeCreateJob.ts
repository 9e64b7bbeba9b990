import { Schema } from 'effect';
import { CreateJobRequest, MAX_DELAY_MS } from './createJobRequest.ts';
import { decodeBody } from '../http/decodeBody.ts';
import { findJsonFaults } from '../http/findJsonFaults.ts';
import type { FieldError } from '../problems/problem.ts';

const decode = Schema.decodeUnknownResult(CreateJobRequest, { errors: 'all', onExcessProperty: 'error' });

/** The request in a parsed body; throws a Problem that names all mistakes at once. `now` is in milliseconds. */
export function decodeCreateJob(body: unknown, now: number): CreateJobRequest {
  return decodeBody(decode(body), [...planErrors(body, now), ...findJsonFaults(body)]);
}

/** What no field can say alone: when the job is planned for. */
function planErrors(body: unknown, now: number): readonly FieldError[] {
  if (typeof body !== 'object' || body === null) return [];
  const { runAt, delayMs } = body as { runAt?: unknown; delayMs?: unknown };
  if (runAt === undefined) return [];
  if (delayMs !== undefined) return [{ pointer: '/delayMs', detail: 'must not be given together with runAt' }];
  const tooFar = typeof runAt === 'string' && Date.parse(runAt) > now + MAX_DELAY_MS;
  return tooFar ? [{ pointer: '/runAt', detail: 'must be at most a year ahead' }] : [];
}
