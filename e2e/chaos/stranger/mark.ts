import type { Msg } from '@nats-io/transport-node';
import type { RawMessage } from '../../harness/rawLog.ts';

/** The header by which the suite, and nothing of the system, knows what the stranger wrote. */
export const MARK = 'stranger';

/** Whether the stranger wrote a stored message. */
export function isMarked({ headers }: RawMessage): boolean {
  return headers[MARK] !== undefined;
}

/** Whether the stranger wrote a message of a subscription; the client library throws at header names that are none. */
export function isFromStranger(message: Msg): boolean {
  try {
    return message.headers?.has(MARK) === true;
  } catch {
    return true;
  }
}
