import { SegmentBuilder } from '@jobstream/archive';
import type { Archive, ArchiveWriter, ArchivedMessage, ArchiveSpan } from '@jobstream/archive';
import { spanOfLog } from '@jobstream/eventlog';
import type { EndOfLogOptions, LogMessages, SequenceSpan } from '@jobstream/eventlog';
import { typedCommand } from '@jobstream/runtime';

/** What archiving reads of a log. */
interface ReadableLog {
  readonly messages: Pick<LogMessages, 'span' | 'from'>;
}

export interface ArchiveSegmentOptions extends Pick<EndOfLogOptions, 'patienceMs'> {
  readonly eventLog: ReadableLog;
  readonly archive: Archive;
  readonly writer: ArchiveWriter;
  /** Begins an archive although earlier messages have expired from the log. */
  readonly beginLate: boolean;
  readonly stop: AbortSignal;
}

/** `behind`: another archiver has written the segment first. */
export type SegmentOutcome = 'added' | 'behind' | 'nothing';

/** Messages in one read. */
const READ_COUNT = 2_000;

/**
 * Archives the next messages of the log, one segment at most.
 *
 * @throws ArchiveGapError when they have expired from the log; ArchiveMismatchError when the archive belongs to another
 * log; what the log and the archive throw.
 */
export async function archiveSegment(options: ArchiveSegmentOptions): Promise<SegmentOutcome> {
  const builder = new SegmentBuilder();
  await fill(builder, await nextSequence(options), options);
  if (builder.isEmpty) return 'nothing';
  return (await options.writer.add(await builder.finish())) ? 'added' : 'behind';
}

/** The sequence that is archived next. */
async function nextSequence(options: ArchiveSegmentOptions): Promise<number> {
  const { eventLog, archive, beginLate } = options;
  const archived = await archive.refresh();
  const log = await spanOfLog(eventLog.messages, archived.last, options);
  assertNotAhead(archived, log);
  await assertSameLog(archive, eventLog);
  const [{ last }, { first }] = [archived, log];
  if (first <= last + 1) return last + 1;
  if (last === 0 && beginLate) return first;
  throw new ArchiveGapError(last + 1, first - 1);
}

async function fill(builder: SegmentBuilder, from: number, options: ArchiveSegmentOptions): Promise<void> {
  const { eventLog, stop } = options;
  for (let next = from; !builder.isFull;) {
    stop.throwIfAborted();
    const messages = await eventLog.messages.from(next, { count: READ_COUNT });
    const [first] = messages;
    if (first === undefined) return;
    if (first.sequence !== next) throw new ArchiveGapError(next, first.sequence - 1);
    for (const message of messages) if (!builder.isFull) await builder.add(message);
    next = first.sequence + messages.length;
  }
}

/** Messages that are not in the archive have expired from the log; continuing would leave a gap in the archive. */
export class ArchiveGapError extends Error {
  readonly code = 'ARCHIVE_GAP';

  constructor(first: number, last: number) {
    super(
      `messages ${first} to ${last} have expired from the log and are not in the archive: ` +
        (first === 1
          ? `check that it is the right archive, or begin one without them with ${typedCommand('archive', '--now --begin-late')}`
          : `restore the archive, or begin another one in a new place with ${typedCommand('archive', '--now --begin-late')}`),
    );
    this.name = 'ArchiveGapError';
  }
}

/** The archive has other messages than the log; continuing would mix the histories of two logs. */
export class ArchiveMismatchError extends Error {
  readonly code = 'ARCHIVE_MISMATCH';

  constructor(detail: string) {
    super(
      `the archive belongs to another log: ${detail}. Check that both are the right ones; for a log that ` +
        'was restored from an older copy or created anew, begin another archive in a new place',
    );
    this.name = 'ArchiveMismatchError';
  }
}

/** @throws ArchiveMismatchError when the archive is ahead of the log. Read the archive first, since both may grow. */
export function assertNotAhead(archived: Pick<ArchiveSpan, 'last'>, log: Pick<SequenceSpan, 'last'>): void {
  if (archived.last <= log.last) return;
  throw new ArchiveMismatchError(`it ends at message ${archived.last}, but the log at ${log.last}`);
}

/** @throws ArchiveMismatchError when the log has another last archived message; expired messages cannot be compared. */
export async function assertSameLog(archive: Archive, eventLog: ReadableLog): Promise<void> {
  const { last } = archive.span;
  if (last === 0) return;
  const [message] = await eventLog.messages.from(last, { count: 1 });
  if (message?.sequence !== last) return;
  for await (const [archived] of archive.messagesAfter(last - 1)) {
    if (archived !== undefined && isSame(archived, message)) return;
  }
  throw new ArchiveMismatchError(`message ${last} of the log differs from the archived one`);
}

function isSame(one: ArchivedMessage, other: ArchivedMessage): boolean {
  return (
    one.subject === other.subject && one.recordedAt === other.recordedAt && Buffer.compare(one.body, other.body) === 0
  );
}
