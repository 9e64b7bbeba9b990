import { SegmentBuilder } from '@jobstream/archive';
import type { Archive, ArchiveWriter, ArchivedMessage, ArchiveSpan } from '@jobstream/archive';
import type { EventLog, SequenceSpan } from '@jobstream/eventlog';

export interface ArchiveSegmentOptions {
  readonly eventLog: Pick<EventLog, 'messages'>;
  readonly archive: Archive;
  readonly writer: ArchiveWriter;
  /** Begins an archive although the log has forgotten what came before. */
  readonly beginLate: boolean;
  readonly stop: AbortSignal;
}

/** `behind`: another archiver was faster. */
export type SegmentOutcome = 'added' | 'behind' | 'nothing';

/** Messages read at once. */
const COUNT = 2_000;

/**
 * Archives what comes next in the log, one segment at most. ArchiveGapError when the log has forgotten it,
 * ArchiveMismatchError when the archive is one of another log, and what the log and the archive throw.
 */
export async function archiveSegment(options: ArchiveSegmentOptions): Promise<SegmentOutcome> {
  const builder = new SegmentBuilder();
  await fill(builder, await nextSequence(options), options);
  if (builder.isEmpty) return 'nothing';
  return (await options.writer.add(await builder.finish())) ? 'added' : 'behind';
}

/** The sequence that is archived next, which the log still has if there is one. */
async function nextSequence({ eventLog, archive, beginLate }: ArchiveSegmentOptions): Promise<number> {
  const archived = await archive.refresh();
  const log = await eventLog.messages.span();
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
    const messages = await eventLog.messages.from(next, { count: COUNT });
    const [first] = messages;
    if (first === undefined) return;
    if (first.sequence !== next) throw new ArchiveGapError(next, first.sequence - 1);
    for (const message of messages) if (!builder.isFull) await builder.add(message);
    next = first.sequence + messages.length;
  }
}

/** The log has forgotten messages that are not in the archive; going on would leave a hole in it. */
export class ArchiveGapError extends Error {
  readonly code = 'ARCHIVE_GAP';

  constructor(first: number, last: number) {
    super(
      `the log has forgotten messages ${first} to ${last}, which are not in the archive: ` +
        (first === 1
          ? 'see that it is the right archive, or begin one that lacks them with npm run archive -- --begin-late'
          : 'restore the archive, or begin another one in a new place with npm run archive -- --begin-late'),
    );
    this.name = 'ArchiveGapError';
  }
}

/** The archive has messages that are not those of the log; going on would join the histories of two logs. */
export class ArchiveMismatchError extends Error {
  readonly code = 'ARCHIVE_MISMATCH';

  constructor(detail: string) {
    super(
      `the archive is not one of this log: ${detail}. See that it is the right archive and the right log; for a log that ` +
        'was restored from an older copy or created anew, begin another archive in a new place',
    );
    this.name = 'ArchiveMismatchError';
  }
}

/** ArchiveMismatchError when the archive goes on beyond the log. The archive is to be read first, for both may grow. */
export function assertNotAhead(archived: Pick<ArchiveSpan, 'last'>, log: Pick<SequenceSpan, 'last'>): void {
  if (archived.last <= log.last) return;
  throw new ArchiveMismatchError(`it goes up to message ${archived.last}, but the log only up to ${log.last}`);
}

/** ArchiveMismatchError when the log has another message where the archive ends. What it has forgotten nobody can tell. */
async function assertSameLog(archive: Archive, eventLog: Pick<EventLog, 'messages'>): Promise<void> {
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
