import type { EventLog } from '@jobstream/eventlog';

const MOST_NAMED = 3;

/**
 * Returns what says why nothing of a version of the protocol can be recorded yet: a process lives that would lose it, or it is not known
 * which live. Undefined if all can. The first call follows the heartbeats from then on.
 */
export function whyNotYet(
  eventLog: Pick<EventLog, 'announcements'>,
): (protocol: number) => Promise<string | undefined> {
  return async (protocol) => {
    // Not before: the log may not be started yet.
    const { announcements } = eventLog;
    if (await announcements.allUnderstand(protocol)) return undefined;
    const older = await announcements.olderThan(protocol);
    if (older.length === 0) return 'it is not known yet which processes live';
    const names = older.slice(0, MOST_NAMED).map(({ worker }) => worker);
    const more = older.length > MOST_NAMED ? ` and ${older.length - MOST_NAMED} more` : '';
    return `processes of an earlier release live, ${names.join(', ')}${more}`;
  };
}
