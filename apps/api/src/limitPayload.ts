import type { IncomingMessage } from 'node:http';
import { Problem } from './problem.ts';

/** The size of a payload as compact JSON. */
export const MAX_PAYLOAD_BYTES = 256 * 1_024;

/**
 * Refuses a payload that is too large. A body within the limit needs no second look: its payload may only grow through
 * numbers that are written out at length (1e20), and the event log has a limit of its own for such.
 */
export function limitPayload(req: IncomingMessage, payload: unknown, pointer = '/payload'): void {
  if (Number(req.headers['content-length']) <= MAX_PAYLOAD_BYTES || payload === undefined) return;
  const bytes = Buffer.byteLength(JSON.stringify(payload));
  if (bytes <= MAX_PAYLOAD_BYTES) return;
  const detail = `the payload has ${bytes} bytes, at most ${MAX_PAYLOAD_BYTES} are taken`;
  throw new Problem('payload-too-large', { detail, errors: [{ pointer, detail: 'is too large' }] });
}
