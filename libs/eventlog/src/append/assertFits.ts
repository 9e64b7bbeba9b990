import type { Connection } from '../connection/connection.ts';
import { EventTooLargeError } from '../errors.ts';

/** What a server takes that does not say. */
const USUAL_LIMIT = 1_048_576;
/** Header names and protocol text beside the body, generously. */
const OVERHEAD_BYTES = 1_024;

/** EventTooLargeError for the body of an event that the server would not take. */
export function assertFits(body: Uint8Array, { nats }: Connection): void {
  const limit = (nats.info?.max_payload ?? USUAL_LIMIT) - OVERHEAD_BYTES;
  if (body.length > limit) throw new EventTooLargeError(body.length, limit);
}
