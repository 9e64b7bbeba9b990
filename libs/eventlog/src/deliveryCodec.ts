import { decodeStoredEvent } from './decodeStoredEvent.ts';
import type { WaitingDelivery } from './delivery.ts';
import { TRACEPARENT } from './headers.ts';
import type { HeldMessage } from './heldMessage.ts';

/** A delivery, or why the message makes none; `retry` says that another release of the worker may understand it. */
export type DecodedDelivery<Item = WaitingDelivery> =
  { readonly delivery: Item } | { readonly problem: string; readonly retry: boolean };

/** A JobCreated or JobRequeued from the log. */
export function decodeEventDelivery(message: HeldMessage): DecodedDelivery {
  const decoded = decodeStoredEvent(message.subject, message.text());
  if (decoded.kind === 'malformed') return { problem: decoded.reason, retry: false };
  if (decoded.kind === 'newer') return { problem: `schema version ${decoded.version} is newer`, retry: true };
  const { event } = decoded;
  const recorded = { sequence: message.sequence, recordedAt: message.storedAt(), event };
  return { delivery: delivery(message, { jobId: event.jobId, jobType: event.jobType, cause: event.id, recorded }) };
}

/** A timer that fired. */
export function decodeDueDelivery(message: HeldMessage): DecodedDelivery {
  const wake = parseWake(message.text());
  if (wake === undefined) return { problem: 'not a wake-up', retry: false };
  return { delivery: delivery(message, { ...wake, cause: `timer:${message.sequence}` }) };
}

function delivery(
  message: HeldMessage,
  work: Pick<WaitingDelivery, 'jobId' | 'jobType' | 'cause'> & Partial<Pick<WaitingDelivery, 'recorded'>>,
): WaitingDelivery {
  return {
    ...work,
    deliveryCount: message.deliveryCount,
    traceparent: message.header(TRACEPARENT),
    ack: () => message.ack(),
    release: (delayMs) => message.release(delayMs),
    keepAlive: () => message.keepAlive(),
  };
}

function parseWake(text: string): { jobId: string; jobType: string } | undefined {
  try {
    const wake: unknown = JSON.parse(text);
    if (typeof wake !== 'object' || wake === null || !('jobId' in wake) || !('jobType' in wake)) return undefined;
    const { jobId, jobType } = wake;
    return typeof jobId === 'string' && typeof jobType === 'string' ? { jobId, jobType } : undefined;
  } catch {
    return undefined;
  }
}
