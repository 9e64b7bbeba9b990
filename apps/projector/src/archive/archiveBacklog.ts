import type { Archive } from '@jobstream/archive';
import type { EventLog } from '@jobstream/eventlog';
import { assertNotBeyond } from './assertSameLog.ts';

/** What of the log is not in its archive yet. */
export interface ArchiveBacklog {
  readonly messages: number;
  /** Milliseconds since the oldest of them was recorded; 0 if there is none. */
  readonly oldestMs: number;
}

/** ArchiveMismatchError when the archive goes on beyond the log, and what the log and the archive throw. */
export async function readBacklog(eventLog: Pick<EventLog, 'messages'>, archive: Archive): Promise<ArchiveBacklog> {
  const archived = await archive.refresh();
  const log = await eventLog.messages.span();
  assertNotBeyond(archived, log);
  const [oldest] = await eventLog.messages.from(archived.last + 1, { count: 1 });
  const oldestMs = oldest === undefined ? 0 : Math.max(0, Date.now() - Date.parse(oldest.recordedAt));
  return { messages: log.last - archived.last, oldestMs };
}
