import { ArchiveWriter } from '@jobstream/archive';
import type { Archive, ArchiveStore } from '@jobstream/archive';
import type { EventLog } from '@jobstream/eventlog';
import { countOf, typedCommand } from '@jobstream/runtime';
import { parseTaskArguments, UsageError } from '../tasks/parseTaskArguments.ts';
import type { ExitCode, TaskContext } from '../tasks/runTask.ts';
import { archiveSegment } from './archiveSegment.ts';

const NUMBERS = new Intl.NumberFormat('en');

interface ArchiveArguments {
  /** Archives what the log has, instead of only telling. */
  readonly now: boolean;
  /** Reads all files of the archive and compares them with their checksums. */
  readonly check: boolean;
  /** Begins an archive although the first messages of the log have expired. */
  readonly beginLate: boolean;
}

export function archiveArguments(args: readonly string[]): ArchiveArguments {
  const flag = { type: 'boolean' } as const;
  const usage = typedCommand('archive', '[--check | --now [--begin-late]]');
  const options = { check: flag, now: flag, 'begin-late': flag };
  const { check = false, now = false, 'begin-late': beginLate = false } = parseTaskArguments(args, options, usage);
  if (check && (now || beginLate)) throw new UsageError('--check stands alone', usage);
  return { check, now: now || beginLate, beginLate };
}

type Context = Pick<TaskContext, 'withLog' | 'archive' | 'stop' | 'print' | 'onProgress'>;

/** Runs `npm run archive` and prints the result: without arguments, what the archive and the log have. */
export async function runArchive({ check, now, beginLate }: ArchiveArguments, context: Context): Promise<ExitCode> {
  if (context.archive === undefined) {
    throw new Error('no archive is configured: set ARCHIVE to a folder or to s3://bucket/prefix');
  }
  const { archive, store } = context.archive;
  if (check) return checkFiles(archive, context);
  if (!now) return inspect(archive, context);
  const added = await context.withLog((eventLog) => archiveAll({ eventLog, archive, store, beginLate }, context));
  const { first, last } = archive.span;
  context.print(
    `The archive has messages ${NUMBERS.format(first)} to ${NUMBERS.format(last)}; ` +
      `${countOf(added, 'segment')} ${added === 1 ? 'is' : 'are'} new.`,
  );
  return 0;
}

async function inspect(archive: Archive, { withLog, print }: Context): Promise<ExitCode> {
  const archived = await archive.refresh();
  const log = await withLog((eventLog) => eventLog.messages.span());
  print(`The archive has ${spanOf(archived)}, the log has ${spanOf(log)}.`);
  const missing = Math.max(0, log.last - Math.max(archived.last, log.first - 1));
  if (missing === 0) print('Everything in the log is archived.');
  else
    print(
      `${countOf(missing, 'message')} of the log ${missing === 1 ? 'is' : 'are'} not archived yet: a projector does so, or ${typedCommand('archive', '--now')}.`,
    );
  return 0;
}

function spanOf({ first, last }: { readonly first: number; readonly last: number }): string {
  return last < first || last === 0 ? 'no messages' : `messages ${NUMBERS.format(first)} to ${NUMBERS.format(last)}`;
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
  const { length } = archive.entries;
  const [segments, are] = [countOf(length, 'segment'), length === 1 ? 'is' : 'are'];
  print(
    `${length === 1 ? '' : 'All '}${segments} ${are} intact: messages ${NUMBERS.format(first)} to ${NUMBERS.format(last)}.`,
  );
  return 0;
}
