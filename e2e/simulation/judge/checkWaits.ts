import { carries, creations, type LoggedEvent, requeues, runStarts } from '../../chaos/judge/readHistories.ts';
import type { Finding } from './finding.ts';

/** Longer than a worker's wait for another's attempt, the longest lease, and the absence of all workers together. */
const LATE_MS = 420_000;

/**
 * Whether a job waits no longer than it must from the moment on when nothing goes wrong any more. Where a worker dies right after it has
 * given an attempt back, or failed, the timer may be that which the keeper has set for the time at which the attempt is over at the latest.
 * That of a wait is set before it begins.
 */
export function checkWaits(jobId: string, history: readonly LoggedEvent[], quietAt: number): readonly Finding[] {
  let readyAt = Infinity;
  const timeoutMs = Number(history[0]?.data['timeoutMs'] ?? 0);
  return history.flatMap((event): Finding[] => {
    const waitedMs = event.storedAt - Math.max(readyAt, quietAt);
    readyAt = readyAfter(event, readyAt);
    const mostMs = LATE_MS + (event.event === 'JobResumed' ? 0 : timeoutMs);
    if (!runStarts.includes(event.event) || waitedMs < mostMs) return [];
    return [{ rule: 'late', jobId, detail: `${event.event} at ${event.sequence} came ${waitedMs / 1_000} s late` }];
  });
}

/**
 * When a job may start after an event, in milliseconds since 1970; infinity for one that does not wait. It counts as such after
 * JobDueNow: where the API dies before it calls for work, the timer of before does.
 */
function readyAfter({ event, storedAt, data }: LoggedEvent, readyAt: number): number {
  if (KEEPS_WAITING.has(event) || (event === 'JobRevised' && data['runAt'] === undefined)) return readyAt;
  if (!BEGINS_WAITING.has(event)) return Infinity;
  const at = data['runAt'] ?? data['retryAt'] ?? data['until'];
  return Math.max(storedAt, typeof at === 'string' ? Date.parse(at) : 0);
}

const KEEPS_WAITING = new Set([...carries, 'JobPriorityChanged']);
const BEGINS_WAITING = new Set([
  ...creations,
  ...requeues,
  'JobRetryScheduled',
  'JobSuspended',
  'JobReleased',
  'JobRevised',
]);
