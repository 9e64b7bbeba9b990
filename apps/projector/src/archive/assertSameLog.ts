import type { Archive, ArchivedMessage, ArchiveSpan } from '@jobstream/archive';
import type { EventLog, SequenceSpan } from '@jobstream/eventlog';
import { ArchiveMismatchError } from './archiveMismatchError.ts';

/** ArchiveMismatchError when the archive goes on beyond the log. The archive is to be read first, for both may grow. */
export function assertNotBeyond(archived: Pick<ArchiveSpan, 'last'>, log: Pick<SequenceSpan, 'last'>): void {
  if (archived.last <= log.last) return;
  throw new ArchiveMismatchError(`it goes up to message ${archived.last}, but the log only up to ${log.last}`);
}

/** ArchiveMismatchError when the log has another message where the archive ends. What it has forgotten nobody can tell. */
export async function assertSameLog(archive: Archive, eventLog: Pick<EventLog, 'messages'>): Promise<void> {
  const { last } = archive.span;
  if (last === 0) return;
  const [message] = await eventLog.messages.from(last, { count: 1 });
  if (message?.sequence !== last) return;
  for await (const [archived] of archive.messagesAfter(last - 1)) {
    if (archived !== undefined && isSame(archived, message)) return;
  }
  throw new ArchiveMismatchError(`message ${last} of the log is another one than in the archive`);
}

function isSame(one: ArchivedMessage, other: ArchivedMessage): boolean {
  return (
    one.subject === other.subject && one.recordedAt === other.recordedAt && Buffer.compare(one.body, other.body) === 0
  );
}
