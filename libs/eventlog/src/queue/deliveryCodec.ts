import { decodeStoredEvent } from '../read/decodeStoredEvent.ts';
import { MessageDelivery } from './heldDelivery.ts';
import type { ConsumerMessage } from '../connection/consumerMessage.ts';
import { MAX_EARLY_MS } from '../timers/timerSpread.ts';
import type { Wake } from '../timers/wakeScheduler.ts';

/**
 * A delivery, or how long the message has to wait for its time, or why it makes none; `retry` says that another release
 * of the worker may understand it.
 */
export type DecodedDelivery<Item = MessageDelivery> =
  { readonly delivery: Item } | { readonly earlyMs: number } | { readonly problem: string; readonly retry: boolean };

/** A JobCreated or JobRequeued from the log. */
export function decodeEventDelivery(message: ConsumerMessage): DecodedDelivery {
  const decoded = decodeStoredEvent(message.subject, message.text());
  if (decoded.kind === 'malformed') return { problem: decoded.reason, retry: false };
  if (decoded.kind === 'newer') return { problem: `schema version ${decoded.version} is newer`, retry: true };
  const { event } = decoded;
  const { id: causationId, jobId, jobType } = event;
  const recorded = { sequence: message.sequence, event };
  return { delivery: new MessageDelivery(message, { jobId, jobType, causationId, recorded }) };
}

/** A timer that fired. One of a herd may have done so before its time, and then waits until it comes again. */
export function decodeDueDelivery(message: ConsumerMessage): DecodedDelivery {
  const wake = parseWake(message.text());
  if (wake === undefined) return { problem: 'not a wake-up', retry: false };
  const { jobId, jobType, at } = wake;
  const dueAt = Date.parse(at);
  const earlyMs = dueAt - Date.parse(message.storedAt());
  const firedEarly = earlyMs > 0 && earlyMs <= MAX_EARLY_MS;
  const now = Date.now();
  if (firedEarly && now < dueAt) return { earlyMs: dueAt - now };
  // A delivery before its time does not count.
  const deliveryCount = firedEarly ? Math.max(1, message.deliveryCount - 1) : message.deliveryCount;
  const causationId = `timer:${message.sequence}`;
  return { delivery: new MessageDelivery(message, { jobId, jobType, causationId, deliveryCount }) };
}

function parseWake(text: string): Wake | undefined {
  try {
    const wake: unknown = JSON.parse(text);
    return typeof wake === 'object' && wake !== null && isWake(wake) ? wake : undefined;
  } catch {
    return undefined;
  }
}

function isWake(wake: { jobId?: unknown; jobType?: unknown; at?: unknown }): wake is Wake {
  return typeof wake.jobId === 'string' && typeof wake.jobType === 'string' && typeof wake.at === 'string';
}
