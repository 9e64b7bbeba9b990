import type { JobOperation, NewOperation } from '@jobstream/client';
import type { Api, RunOnApi } from '../command/apiCommand.ts';
import { definedIn } from '../command/definedIn.ts';
import { ExitCode } from '../command/exitCode.ts';
import { UsageError } from '../command/failure.ts';
import { examples } from '../command/help.ts';
import { readPayload } from '../command/readPayload.ts';
import { wholeNumber } from '../command/values.ts';
import { agrees, clearLine, jobsOf } from './changeMatching.ts';
import { filteredCommand, filterOf, type FilterOptions } from './jobFilter.ts';

interface ReplayOptions extends FilterOptions {
  readonly all?: true;
  readonly patch?: string;
  readonly rate?: number;
  readonly reason?: string;
  readonly dryRun?: true;
  readonly yes?: true;
  readonly detach?: true;
}

const PROGRESS_MS = 500;

export function replayCommand(run: RunOnApi) {
  return filteredCommand('replay', 'Creates jobs anew: one for each job of a filter that has ended.')
    .option('--all', 'every job that has ended, instead of a filter')
    .option('--patch <json>', 'a JSON merge patch for the payloads: itself, @file, or - for standard input')
    .option('--rate <jobs>', 'jobs a second', wholeNumber(1))
    .option('--reason <text>', 'why; the audit log keeps it')
    .option('--dry-run', 'only say how many jobs the filter matches')
    .option('-y, --yes', 'do not ask before')
    .option('--detach', 'print the id of the operation instead of following it')
    .addHelpText(
      'after',
      examples(
        'jobstream replay --type email --status completed --dry-run',
        `jobstream replay --type email --status failed --patch '{"from": "new@example.com"}' --rate 100`,
      ),
    )
    .action(run(replay));
}

async function replay(api: Api, options: ReplayOptions): Promise<ExitCode> {
  const { client, printer, signal } = api;
  const request = await requestOf(options, api);
  const matched = await client.operations.count(request, { signal });
  if (options.dryRun) {
    printer.document({ dryRun: true, matched }, () => `${jobsOf(matched)} would be replayed`);
    return ExitCode.ok;
  }
  if (matched > 0 && !options.yes && !(await agrees('replay', matched, api))) {
    printer.note('Nothing is changed.');
    return ExitCode.failed;
  }
  const operation = await client.operations.create(request, { signal });
  if (!options.detach) return follow(operation, api);
  printer.document(operation, () => operation.id);
  return ExitCode.ok;
}

async function requestOf({ all, patch, rate, reason, ...options }: ReplayOptions, api: Api): Promise<NewOperation> {
  const filter = filterOf(options);
  const isFiltered = Object.keys(filter).length > 0;
  if (all && isFiltered) throw new UsageError('give --all or a filter, not both');
  if (!all && !isFiltered) throw new UsageError('give a filter such as --status failed --type email, or --all');
  const patched = patch === undefined ? {} : { patch: await readPayload(patch, api) };
  return { kind: 'replay', filter: all ? { all } : filter, ...patched, ...definedIn({ rate, reason }) };
}

/** Shows how far it is on a terminal. An interrupted command leaves the operation to the API. */
async function follow({ id }: JobOperation, api: Api): Promise<ExitCode> {
  const { client, printer, stderr, signal } = api;
  let last: JobOperation | undefined;
  try {
    for await (const operation of client.operations.follow(id, { everyMs: PROGRESS_MS, signal })) {
      last = operation;
      if (stderr.isTTY) stderr.write(`\r\u001B[K${progressOf(operation)}`);
    }
  } finally {
    clearLine(api);
    if (signal.aborted) printer.note(`The operation ${id} goes on.`);
  }
  if (last === undefined) return ExitCode.failed;
  printer.document(last, () => describe(last));
  return last.status === 'completed' && last.failed === 0 ? ExitCode.ok : ExitCode.failed;
}

function progressOf({ status, total, done, skipped, failed, hindrance }: JobOperation): string {
  const note = hindrance ?? (status === 'running' ? undefined : status);
  return `${done + skipped + failed} of ${jobsOf(total)}${note === undefined ? '' : `, ${note}`}`;
}

function describe({ status, total, done, skipped, failed }: JobOperation): string {
  if (total === 0) return 'There are no such jobs.';
  const rest = [
    skipped > 0 ? `${skipped} skipped` : '',
    failed > 0 ? `${failed} failed` : '',
    status === 'cancelled' ? 'then cancelled' : '',
  ];
  return [`${jobsOf(done)} replayed`, ...rest.filter(Boolean)].join(', ');
}
