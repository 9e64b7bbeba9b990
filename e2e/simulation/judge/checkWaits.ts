import { carries, creations, type LoggedEvent, requeues, runStarts } from '../../chaos/judge/readHistories.ts';
import type { Finding } from './finding.ts';

/** Longer than a worker's wait for another's attempt, the longest lease, and the absence of all workers together. */
const LATE_MS = 420_000;

/** What is known of a job up to an event. */
interface Waiting {
  /** Since when it could start, in milliseconds since 1970; infinity for one that does not wait. */
  readonly readyAt: number;
  /** The names of the signals that no step has read, and of those by which it is called. */
  readonly unread: readonly unknown[];
  readonly awaits: readonly unknown[];
}

/**
 * Whether a job waits no longer than it must from the moment on when nothing goes wrong any more. Where a worker dies right after it has
 * given an attempt back, or failed, the timer may be that which the keeper has set for the time at which the attempt is over at the latest.
 * That of a wait is set before it begins, and a signal for which a job waits calls for it itself.
 */
export function checkWaits(jobId: string, history: readonly LoggedEvent[], quietAt: number): readonly Finding[] {
  let waiting: Waiting = { readyAt: Infinity, unread: [], awaits: [] };
  const timeoutMs = Number(history[0]?.data['timeoutMs'] ?? 0);
  return history.flatMap((event): Finding[] => {
    const waitedMs = event.storedAt - Math.max(waiting.readyAt, quietAt);
    waiting = after(event, waiting);
    const mostMs = LATE_MS + (event.event === 'JobResumed' ? 0 : timeoutMs);
    if (!runStarts.includes(event.event) || waitedMs < mostMs) return [];
    return [{ rule: 'late', jobId, detail: `${event.event} at ${event.sequence} came ${waitedMs / 1_000} s late` }];
  });
}

function after(event: LoggedEvent, before: Waiting): Waiting {
  const { unread } = before;
  switch (event.event) {
    case 'JobSignalled':
      return signalled(event, before);
    case 'JobStepsRecorded':
      return { ...before, readyAt: Infinity, unread: unreadAfter(event, unread) };
    case 'JobSuspended':
      return { readyAt: suspendedUntil(event, unread), unread, awaits: awaitsIn(event) };
    default:
      return {
        readyAt: readyAfter(event, before.readyAt),
        unread,
        awaits: KEEPS_WAITING.has(event.event) ? before.awaits : [],
      };
  }
}

/** A job that waits for it could start from now on. */
function signalled({ storedAt, data: { name } }: LoggedEvent, { readyAt, unread, awaits }: Waiting): Waiting {
  const isCalled = readyAt !== Infinity && awaits.includes(name);
  return { readyAt: isCalled ? Math.min(readyAt, storedAt) : readyAt, unread: [...unread, name], awaits };
}

function unreadAfter({ data }: LoggedEvent, unread: readonly unknown[]): readonly unknown[] {
  const steps = data['steps'] as readonly { readonly signal?: { readonly name: string } }[];
  return steps.reduce((left, { signal }) => {
    const place = signal === undefined ? -1 : left.indexOf(signal.name);
    return place < 0 ? left : left.toSpliced(place, 1);
  }, unread);
}

function awaitsIn({ data }: LoggedEvent): readonly unknown[] {
  return (data['signals'] ?? []) as readonly unknown[];
}

/** Where a signal is unread by which it would be called, the job does not wait. */
function suspendedUntil(event: LoggedEvent, unread: readonly unknown[]): number {
  const awaits = awaitsIn(event);
  return unread.some((name) => awaits.includes(name)) ? event.storedAt : readyAfter(event, Infinity);
}

/** When a job may start after an event. It counts as such after JobDueNow: where the API dies before it calls for work, the timer of before does. */
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
