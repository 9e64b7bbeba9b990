import { ArchiveWriter } from '@jobstream/archive';
import type { Archive, ArchiveStore } from '@jobstream/archive';
import type { EventLog } from '@jobstream/eventlog';
import type { ExitCode, TaskContext } from '../tasks/runTask.ts';
import { archiveSegment } from './archiveSegment.ts';
import { parseArgs } from 'node:util';

const USAGE = 'usage: npm run archive -- [--check | --begin-late]';

const NUMBERS = new Intl.NumberFormat('en');

type Parts = Pick<TaskContext, 'withLog' | 'archive' | 'stop' | 'print' | 'onProgress'>;

/** Does what `npm run archive` was asked for and says what came of it. */
export async function runArchive({ check, beginLate }: ArchiveArguments, parts: Parts): Promise<ExitCode> {
  if (parts.archive === undefined)
    throw new Error('there is no archive: set ARCHIVE to a folder or to s3://bucket/prefix');
  const { archive, store } = parts.archive;
  if (check) return checkFiles(archive, parts);
  const added = await parts.withLog((eventLog) => archiveAll({ eventLog, archive, store, beginLate }, parts));
  const { first, last } = archive.span;
  parts.print(
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

async function checkFiles(archive: Archive, { print }: Parts): Promise<ExitCode> {
  const { first, last } = await archive.refresh();
  let damaged = 0;
  for await (const { message } of archive.damage()) {
    print(message);
    damaged += 1;
  }
  if (damaged > 0) return 1;
  const segments = NUMBERS.format(archive.entries.length);
  print(
    `All ${segments} segments are as they were written: messages ${NUMBERS.format(first)} to ${NUMBERS.format(last)}.`,
  );
  return 0;
}

/** What `npm run archive` is asked for. */
interface ArchiveArguments {
  /** Reads all files of the archive and compares them with their checksums. */
  readonly check: boolean;
  /** Begins an archive although the log has forgotten its first messages. */
  readonly beginLate: boolean;
}

export function archiveArguments(args: readonly string[]): ArchiveArguments {
  const { check, 'begin-late': beginLate } = parsed(args);
  if (check === true && beginLate === true) throw new Error(`--check and --begin-late exclude each other; ${USAGE}`);
  return { check: check === true, beginLate: beginLate === true };
}

function parsed(args: readonly string[]) {
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({ args: [...args], options: { check: flag, 'begin-late': flag }, strict: true }).values;
  } catch (error) {
    const detail = error instanceof Error ? error.message.replace(/\.? ?To specify.*$/s, '') : String(error);
    throw new Error(`${detail}; ${USAGE}`, { cause: error });
  }
}
