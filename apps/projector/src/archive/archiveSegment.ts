import { SegmentBuilder } from '@jobstream/archive';
import type { Archive, ArchiveWriter } from '@jobstream/archive';
import type { EventLog } from '@jobstream/eventlog';
import { ArchiveGapError } from './archiveGapError.ts';
import { assertNotBeyond, assertSameLog } from './assertSameLog.ts';

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
  assertNotBeyond(archived, log);
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
