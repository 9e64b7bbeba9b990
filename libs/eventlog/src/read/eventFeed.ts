import type { LogEntry } from './logEntry.ts';

/**
 * The log from a position on, in order and without gaps, in arrays of what has arrived (never empty). The iteration ends
 * after `stop()`; it throws NewerEventError at an event that this release cannot read.
 */
export interface EventFeed extends AsyncIterable<readonly LogEntry[]> {
  stop(): Promise<void>;
}
