import { setTimeout as pause } from 'node:timers/promises';
import type { Delivery, JobSnapshot } from '@jobstream/eventlog';
import type { WorkerContext } from '../workerContext.ts';
import { isFresh } from './isFresh.ts';
import { untilAvailable } from './untilAvailable.ts';

const PAUSE_MS = 50;
/** Two seconds together: servers are apart by milliseconds, unless one has just come back. */
const TRIES = 40;

/**
 * The job's state, at least as new as the message that calls for work. In a cluster the server that delivers may have
 * applied an event before the one that is read: the job then looks as if it did not exist, or had not been requeued. The
 * caller must check, since the wait for it has an end.
 */
export async function readFreshState(
  delivery: Delivery,
  { eventLog, closing }: Pick<WorkerContext, 'eventLog' | 'closing'>,
): Promise<JobSnapshot | undefined> {
  for (let tries = 1; ; tries += 1) {
    const snapshot = await untilAvailable(() => eventLog.readJob(delivery.jobId, delivery.jobType), closing);
    if (isFresh(snapshot, delivery) || tries === TRIES || closing.aborted) return snapshot;
    await pause(PAUSE_MS, undefined, { signal: closing }).catch(() => undefined);
  }
}
