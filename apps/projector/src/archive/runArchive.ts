import { ArchiveWriter } from '@jobstream/archive';
import type { Archive, ArchiveStore } from '@jobstream/archive';
import type { EventLog } from '@jobstream/eventlog';
import { typedCommand } from '@jobstream/runtime';
import { parseTaskArguments, UsageError } from '../tasks/parseTaskArguments.ts';
import type { ExitCode, TaskContext } from '../tasks/runTask.ts';
import { archiveSegment } from './archiveSegment.ts';

const NUMBERS = new Intl.NumberFormat('en');

interface ArchiveArguments {
  /** Reads all files of the archive and compares them with their checksums. */
  readonly check: boolean;
  /** Begins an archive although the first messages of the log have expired. */
  readonly beginLate: boolean;
}

export function archiveArguments(args: readonly string[]): ArchiveArguments {
  const flag = { type: 'boolean' } as const;
  const usage = typedCommand('archive', '[--check | --begin-late]');
  const { check = false, 'begin-late': beginLate = false } = parseTaskArguments(
    args,
    { check: flag, 'begin-late': flag },
    usage,
  );
  if (check && beginLate) throw new UsageError('--check and --begin-late exclude each other', usage);
  return { check, beginLate };
}

type Context = Pick<TaskContext, 'withLog' | 'archive' | 'stop' | 'print' | 'onProgress'>;

/** Runs `npm run archive` and prints the result. */
export async function runArchive({ check, beginLate }: ArchiveArguments, context: Context): Promise<ExitCode> {
  if (context.archive === undefined) {
    throw new Error('no archive is configured: set ARCHIVE to a folder or to s3://bucket/prefix');
  }
  const { archive, store } = context.archive;
  if (check) return checkFiles(archive, context);
  const added = await context.withLog((eventLog) => archiveAll({ eventLog, archive, store, beginLate }, context));
  const { first, last } = archive.span;
  context.print(
    `The archive has messages ${NUMBERS.format(first)} to ${NUMBERS.format(last)}; ` +
      `${NUMBERS.format(added)} segments are new.`,
  );
  return 0;
}

interface ArchiveAll {
  readonly eventLog: EventLog;
  readonly archive: Archive;
  readonly store: ArchiveStore;
  readonly beginLate: boolean;
}

/** Archives everything up to the present end of the log; returns the number of new segments. */
async function archiveAll({ store, ...options }: ArchiveAll, { stop, onProgress }: Context): Promise<number> {
  const { eventLog, archive } = options;
  const writer = await ArchiveWriter.open(store, archive);
  const { last: total } = await eventLog.messages.span();
  let added = 0;
  for (;;) {
    const outcome = await archiveSegment({ ...options, writer, stop });
    if (outcome === 'added') added += 1;
    const done = archive.span.last;
    onProgress({ step: 'archiving', done: Math.min(done, total), total });
    if (outcome === 'nothing' || done >= total) return added;
  }
}

async function checkFiles(archive: Archive, { print }: Context): Promise<ExitCode> {
  const { first, last } = await archive.refresh();
  let damaged = 0;
  for await (const { message } of archive.damage()) {
    print(message);
    damaged += 1;
  }
  if (damaged > 0) return 1;
  const segments = NUMBERS.format(archive.entries.length);
  print(`All ${segments} segments are intact: messages ${NUMBERS.format(first)} to ${NUMBERS.format(last)}.`);
  return 0;
}
