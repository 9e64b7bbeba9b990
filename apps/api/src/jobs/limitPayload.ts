import { Problem } from '../problems/problem.ts';

/** The size of a payload as compact JSON. */
export const MAX_PAYLOAD_BYTES = 256 * 1_024;

/**
 * Refuses a payload that is too large. One in a text within the limit (`textBytes`; NaN if that is not known) needs no
 * second look: it may only grow through numbers that are written out at length (1e20), and the event log has a limit of
 * its own for such.
 */
export function limitPayload(textBytes: number, payload: unknown, pointer = '/payload'): void {
  if (textBytes <= MAX_PAYLOAD_BYTES || payload === undefined) return;
  const bytes = Buffer.byteLength(JSON.stringify(payload));
  if (bytes <= MAX_PAYLOAD_BYTES) return;
  const detail = `the payload has ${bytes} bytes, at most ${MAX_PAYLOAD_BYTES} are taken`;
  throw new Problem('payload-too-large', { detail, errors: [{ pointer, detail: 'is too large' }] });
}
