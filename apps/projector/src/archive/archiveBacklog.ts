import type { Archive } from '@jobstream/archive';
import type { EventLog } from '@jobstream/eventlog';

/** What of the log is not in its archive yet. */
export interface ArchiveBacklog {
  readonly messages: number;
  /** Milliseconds since the oldest of them was recorded; 0 if there is none. */
  readonly oldestMs: number;
}

/** What the log throws, and what the archive throws. */
export async function readBacklog(eventLog: Pick<EventLog, 'messages'>, archive: Archive): Promise<ArchiveBacklog> {
  const archived = await archive.refresh();
  const { last } = await eventLog.messages.span();
  const [oldest] = await eventLog.messages.from(archived.last + 1, { count: 1 });
  const oldestMs = oldest === undefined ? 0 : Math.max(0, Date.now() - Date.parse(oldest.recordedAt));
  return { messages: Math.max(0, last - archived.last), oldestMs };
}
