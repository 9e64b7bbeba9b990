import type { JobOperation, NewOperation } from '@jobstream/client';
import type { Api, RunOnApi } from '../../command/apiCommand.ts';
import { definedIn } from '../../command/definedIn.ts';
import { ExitCode } from '../../command/exitCode.ts';
import { UsageError } from '../../command/failure.ts';
import { examples } from '../../command/help.ts';
import { readPayload } from '../../command/readPayload.ts';
import { wholeNumber } from '../../command/values.ts';
import { followOperation } from '../../operations/followOperation.ts';
import { agrees, assertCanAsk, jobsOf } from './changeMatching.ts';
import { beginPatched } from './replayPatched.ts';
import { type EditOptions, editsOf, removals, renames, setsIfMissing } from './payloadEdits.ts';
import { listFilterOf, listingCommand, type ListFilterOptions } from '../listFilter.ts';

interface ReplayOptions extends ListFilterOptions, EditOptions {
  readonly all?: true;
  readonly patch?: string;
  readonly rate?: number;
  readonly reason?: string;
  readonly dryRun?: true;
  readonly yes?: true;
  readonly detach?: true;
}

export function replayCommand(run: RunOnApi) {
  return listingCommand('replay', 'Creates jobs anew: one for each job of a filter that has ended.')
    .option('--all', 'every job that has ended, instead of a filter')
    .option('--patch <json>', 'a JSON merge patch for the payloads: itself, @file, or - for standard input')
    .option('--rename </old=/new>', 'rename a field of the payloads; repeatable', renames)
    .option('--set-if-missing </path=json>', 'set a field where it is missing; repeatable', setsIfMissing)
    .option('--remove </path>', 'remove a field; repeatable', removals)
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
        'jobstream replay --type email --status failed --rename /callback_url=/callbackUrl',
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
  const operation = await begin(request, matched, { isConfirmed: options.yes === true }, api);
  if (operation === undefined) {
    printer.note('Nothing is changed.');
    return ExitCode.failed;
  }
  if (!options.detach) return followOperation(operation.id, api);
  printer.document(operation, () => operation.id);
  return ExitCode.ok;
}

async function begin(
  request: NewOperation,
  matched: number,
  asked: { readonly isConfirmed: boolean },
  api: Api,
): Promise<JobOperation | undefined> {
  if ('patch' in request) {
    if (matched > 0 && !asked.isConfirmed) assertCanAsk(`replay ${jobsOf(matched)}`, api);
    return beginPatched(request, asked, api);
  }
  if (matched > 0 && !asked.isConfirmed && !(await agrees('replay', matched, api))) return undefined;
  return api.client.operations.create(request, { signal: api.signal });
}

async function requestOf({ all, patch, rate, reason, ...options }: ReplayOptions, api: Api): Promise<NewOperation> {
  const edits = editsOf(options);
  const filter = listFilterOf(options);
  const isFiltered = Object.keys(filter).length > 0;
  if (all && isFiltered) throw new UsageError('give --all or a filter, not both');
  if (!all && !isFiltered) throw new UsageError('give a filter such as --status failed --type email, or --all');
  const patched = patch === undefined ? {} : { patch: await readPayload(patch, api) };
  return { kind: 'replay', filter: all ? { all } : filter, ...patched, ...definedIn({ edits, rate, reason }) };
}
