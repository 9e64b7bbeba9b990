import { CreateJobRequest } from '@jobstream/creation';
import * as Schema from 'effect/Schema';
import { dueTimeFaults, MAX_PAYLOAD_BYTES, uniqueFaults } from '@jobstream/domain';
import { bodyDecoder, findJsonFaults } from '../../http/parsing/decodeBody.ts';
import { Problem } from '../../problems/problem.ts';

const decode = bodyDecoder(CreateJobRequest);
const isRequest = Schema.is(CreateJobRequest);
/** What decoding neither changes nor searches for unknown fields. */
const PLAIN_FIELDS: ReadonlySet<string> = new Set([
  'type',
  'payload',
  'delayMs',
  'maxAttempts',
  'timeoutMs',
  'tags',
  'priority',
] satisfies readonly (keyof CreateJobRequest)[]);

/**
 * Decodes a body; `now` is in milliseconds.
 *
 * @throws Problem `invalid-request`, which lists all mistakes at once.
 */
export function decodeCreateJob(body: unknown, now: number): CreateJobRequest {
  const faults = dueTimeFaults(body, now).concat(uniqueFaults(body), findJsonFaults(body));
  return faults.length === 0 && isDecoded(body) ? body : decode(body, faults);
}

/** Most requests are plain, and this is told in a tenth of the time that it takes to decode them. */
function isDecoded(body: unknown): body is CreateJobRequest {
  return isRequest(body) && Object.keys(body).every((name) => PLAIN_FIELDS.has(name));
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
