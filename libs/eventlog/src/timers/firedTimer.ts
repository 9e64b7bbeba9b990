import { isJobId } from '@jobstream/domain';
import { dueSubject, laneOfTimer } from '../streams/jobSubjects.ts';
import type { ReceivedMessage } from '../connection/consumerMessage.ts';
import { MAX_EARLY_MS, type Wake } from './timerScheduler.ts';

/** A timer that has fired: due, or `early` and to be redelivered after `delayMs`, or not readable at all. */
export type FiredTimer =
  | ({ readonly kind: 'due'; readonly causationId: string; readonly deliveryCount: number } & Fired)
  | { readonly kind: 'early'; readonly delayMs: number }
  | { readonly kind: 'malformed'; readonly reason: string };

/** `dueAt`: the instant for which the timer was set, if the server's clock has reached it for certain. */
type Fired = Omit<Wake, 'at'> & { readonly dueAt?: string };

/**
 * How much longer a timer that fired early waits. Then it is due also by what the process knows for certain that gets it
 * next, whose doubt about the server's time is another: up to half a round trip and, a minute after it asked, 60 ms.
 */
const DOUBT_MS = 100;

/**
 * Decodes a timer that the server has fired at `storedAt` of its own clock: at the instant for which it was set or later,
 * whatever the clocks of other machines say. `reached` is an instant that the server's clock has reached for certain. Of many
 * timers due in the same second, some fire before their time (see TimerSpread); their delivery before that time does not
 * count as one.
 */
export function decodeFiredTimer(message: ReceivedMessage, reached: number): FiredTimer {
  const wake = parseWake(message.text());
  // An id with a wildcard would stand for other jobs, and a worker has handlers for the type of the subject alone.
  const priority = laneOfTimer(message.subject);
  if (wake === undefined || !isJobId(wake.jobId) || message.subject !== dueSubject(wake.jobType, priority))
    return { kind: 'malformed', reason: 'not a wake-up' };
  const { jobId, jobType, at } = wake;
  const dueAt = Date.parse(at);
  const earlyMs = dueAt - message.storedAtMs();
  const firedEarly = earlyMs > 0 && earlyMs <= MAX_EARLY_MS;
  if (firedEarly && reached < dueAt) return { kind: 'early', delayMs: Math.min(dueAt - reached, earlyMs) + DOUBT_MS };
  const deliveryCount = firedEarly ? Math.max(1, message.deliveryCount - 1) : message.deliveryCount;
  const due = earlyMs <= MAX_EARLY_MS ? { dueAt: at } : {};
  const timer = { jobId, jobType, priority, causationId: `timer:${message.sequence}`, deliveryCount, ...due };
  return { kind: 'due', ...timer };
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
