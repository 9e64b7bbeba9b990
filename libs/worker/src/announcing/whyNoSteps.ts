import { STEPS_PROTOCOL } from '@jobstream/domain';
import type { EventLog } from '@jobstream/eventlog';

const MOST_NAMED = 3;

/**
 * Returns what says why no step can be recorded yet: a process lives that would lose it, or it is not known which live. Undefined if
 * all can. The first call follows the heartbeats from then on.
 */
export function whyNoSteps(eventLog: Pick<EventLog, 'announcements'>): () => Promise<string | undefined> {
  return async () => {
    // Not before: the log may not be started yet.
    const { announcements } = eventLog;
    if (await announcements.allUnderstand(STEPS_PROTOCOL)) return undefined;
    const older = await announcements.olderThan(STEPS_PROTOCOL);
    if (older.length === 0) return 'it is not known yet which processes live';
    const names = older.slice(0, MOST_NAMED).map(({ worker }) => worker);
    const more = older.length > MOST_NAMED ? ` and ${older.length - MOST_NAMED} more` : '';
    return `processes of an earlier release live, ${names.join(', ')}${more}`;
  };
}
