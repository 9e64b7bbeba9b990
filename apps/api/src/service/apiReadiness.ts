import type { EventLog } from '@jobstream/eventlog';
import type { ReadModel } from '@jobstream/readmodel';
import { cachedFor, Readiness } from '@jobstream/runtime';

/** Probes come every few seconds, and each look costs the server a consumer. */
const FOLLOWABLE_MS = 5_000;

/**
 * The API is ready while it can append to the log, open feeds of it, and read the table. It is told of a log that cannot be followed
 * within five seconds.
 */
export function apiReadiness(
  log: Pick<EventLog, 'checkWritable' | 'stats'>,
  table: Pick<ReadModel, 'ping' | 'noteOnUnreadableJobs'>,
): Readiness {
  const followable = cachedFor(FOLLOWABLE_MS, () => log.stats.checkFollowable());
  const usable = async () => {
    const writable = await log.checkWritable();
    return writable === true ? followable() : writable;
  };
  return new Readiness(
    { log: usable, table: () => table.ping().then(() => true) },
    { unreadableEvents: () => table.noteOnUnreadableJobs() },
  );
}
