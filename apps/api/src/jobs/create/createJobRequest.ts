import { CreateJobRequest } from '@jobstream/creation';
import { dueTimeFaults, MAX_PAYLOAD_BYTES, uniqueFaults } from '@jobstream/domain';
import { bodyDecoder, findJsonFaults } from '../../http/parsing/decodeBody.ts';
import { Problem } from '../../problems/problem.ts';

const decode = bodyDecoder(CreateJobRequest);

/**
 * Decodes a body; `now` is in milliseconds.
 *
 * @throws Problem `invalid-request`, which lists all mistakes at once.
 */
export function decodeCreateJob(body: unknown, now: number): CreateJobRequest {
  return decode(body, dueTimeFaults(body, now).concat(uniqueFaults(body), findJsonFaults(body)));
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
