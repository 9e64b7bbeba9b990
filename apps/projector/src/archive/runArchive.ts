import { ArchiveWriter } from '@jobstream/archive';
import type { Archive, ArchiveStore } from '@jobstream/archive';
import type { EventLog } from '@jobstream/eventlog';
import type { ExitCode, TaskParts } from '../rebuild/runTask.ts';
import type { ArchiveArguments } from './archiveArguments.ts';
import { archiveSegment } from './archiveSegment.ts';

const NUMBERS = new Intl.NumberFormat('en');

type Parts = Pick<TaskParts, 'withLog' | 'archive' | 'stop' | 'say' | 'onProgress'>;

/** Does what `npm run archive` was asked for and says what came of it. */
export async function runArchive({ check, beginLate }: ArchiveArguments, parts: Parts): Promise<ExitCode> {
  if (parts.archive === undefined)
    throw new Error('there is no archive: set ARCHIVE to a folder or to s3://bucket/prefix');
  const { archive, store } = parts.archive;
  if (check) return checkFiles(archive, parts);
  const added = await parts.withLog((eventLog) => archiveAll({ eventLog, archive, store, beginLate }, parts));
  const { first, last } = archive.span;
  parts.say(
    `The archive has messages ${NUMBERS.format(first)} to ${NUMBERS.format(last)}; ` +
      `${NUMBERS.format(added)} segments are new.`,
  );
  return 0;
}

interface Whole {
  readonly eventLog: EventLog;
  readonly archive: Archive;
  readonly store: ArchiveStore;
  readonly beginLate: boolean;
}

/** Archives all that the log has; returns how many segments were written. */
async function archiveAll({ store, ...whole }: Whole, { stop, onProgress }: Parts): Promise<number> {
  const { eventLog, archive } = whole;
  const writer = await ArchiveWriter.open(store, archive);
  const { last: total } = await eventLog.messages.span();
  let added = 0;
  for (;;) {
    const outcome = await archiveSegment({ ...whole, writer, stop });
    if (outcome === 'added') added += 1;
    const done = archive.span.last;
    onProgress({ step: 'archiving', done: Math.min(done, total), total });
    if (outcome === 'nothing' || done >= total) return added;
  }
}

async function checkFiles(archive: Archive, { say }: Parts): Promise<ExitCode> {
  const { first, last } = await archive.refresh();
  let damaged = 0;
  for await (const { message } of archive.damage()) {
    say(message);
    damaged += 1;
  }
  if (damaged > 0) return 1;
  const segments = NUMBERS.format(archive.entries.length);
  say(
    `All ${segments} segments are as they were written: messages ${NUMBERS.format(first)} to ${NUMBERS.format(last)}.`,
  );
  return 0;
}
