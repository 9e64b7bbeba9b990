import { CreateJobRequest, MAX_DELAY_MS, MAX_PAYLOAD_BYTES } from '@jobstream/creation';
import { bodyDecoder, findJsonFaults } from '../../http/decodeBody.ts';
import { type FieldError, Problem } from '../../problems/problem.ts';

const decode = bodyDecoder(CreateJobRequest);

/**
 * Decodes a body; `now` is in milliseconds.
 *
 * @throws Problem `invalid-request`, which lists all mistakes at once.
 */
export function decodeCreateJob(body: unknown, now: number): CreateJobRequest {
  return decode(body, [...planErrors(body, now), ...findJsonFaults(body)]);
}

/** Checks the due time, which two fields determine. */
function planErrors(body: unknown, now: number): readonly FieldError[] {
  if (typeof body !== 'object' || body === null) return [];
  const { runAt, delayMs } = body as { runAt?: unknown; delayMs?: unknown };
  if (runAt === undefined) return [];
  if (delayMs !== undefined) return [{ pointer: '/delayMs', detail: 'must not be given together with runAt' }];
  const tooFar = typeof runAt === 'string' && Date.parse(runAt) > now + MAX_DELAY_MS;
  return tooFar ? [{ pointer: '/runAt', detail: 'must be at most a year ahead' }] : [];
}

/**
 * Rejects a payload that is too large.
 *
 * A payload in a text within the limit (`textBytes`, NaN if unknown) is not measured: it may only grow through numbers
 * that are written out (1e20), and the event log has its own limit.
 *
 * @throws Problem `payload-too-large`
 */
export function limitPayload(textBytes: number, payload: unknown, pointer = '/payload'): void {
  if (textBytes <= MAX_PAYLOAD_BYTES || payload === undefined) return;
  const bytes = Buffer.byteLength(JSON.stringify(payload));
  if (bytes <= MAX_PAYLOAD_BYTES) return;
  const detail = `the payload has ${bytes} bytes, at most ${MAX_PAYLOAD_BYTES} are accepted`;
  throw new Problem('payload-too-large', { detail, errors: [{ pointer, detail: 'is too large' }] });
}
