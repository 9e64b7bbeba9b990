import type { JobSelection } from '@jobstream/client';
import { apiCommand, type Api, type ApiOptions, type RunOnApi } from '../../command/apiCommand.ts';
import { definedIn } from '../../command/definedIn.ts';
import { ExitCode } from '../../command/exitCode.ts';
import { UsageError } from '../../command/failure.ts';
import { examples } from '../../command/help.ts';
import { readPayload } from '../../command/readPayload.ts';
import { awaitEnd, waitOption } from '../awaitEnd.ts';
import { changeJobs } from './changeJobs.ts';
import { changeMatching, type JobDeed } from './changeMatching.ts';
import { outcomeOf } from '../describe/describeJob.ts';
import { filteredCommand, filterOf, type FilterOptions } from '../jobFilter.ts';

export interface ChangeOptions extends FilterOptions {
  readonly all?: true;
  readonly dryRun?: true;
  readonly yes?: true;
  readonly reason?: string;
}

interface RetryOptions extends ChangeOptions {
  readonly payload?: string;
  readonly wait?: number;
}

interface RetriedWith {
  readonly payload?: unknown;
  readonly reason?: string;
}

const CANCEL: JobDeed = {
  verb: 'cancel',
  done: 'cancelled',
  one: (jobs, id, options) => jobs.cancel(id, options),
  many: (jobs, selection, options) => jobs.cancelMany(selection, options),
};
const RETRY: JobDeed = {
  verb: 'retry',
  done: 'retried',
  one: (jobs, id, options) => jobs.retry(id, options),
  many: (jobs, selection, options) => jobs.retryMany(selection, options),
};
const IDS = 'the ids of the jobs; without them those of the filter';

export function cancelCommand(run: RunOnApi) {
  return changeCommand('cancel', 'Cancels jobs that have not ended: some by their ids, or those of a filter.')
    .argument('[id...]', IDS)
    .addHelpText(
      'after',
      examples(
        `jobstream cancel 01a21007-5d41-7b37-bb26-e9f0e3028d57 --reason 'sent by hand'`,
        'jobstream cancel --type email --tag campaign-7 --dry-run',
      ),
    )
    .action(run((api, ids: string[], options: ChangeOptions) => change(CANCEL, { api, ids, options })));
}

export function retryCommand(run: RunOnApi) {
  return changeCommand('retry', 'Puts failed or cancelled jobs back into their queue, with all their attempts.')
    .argument('[id...]', IDS)
    .addHelpText(
      'after',
      examples(
        'jobstream retry 01a21007-5d41-7b37-bb26-e9f0e3028d57',
        'jobstream retry 01a21007-5d41-7b37-bb26-e9f0e3028d57 --wait 30s',
        'jobstream retry --type email --created-after 2030-01-31T09:00:00Z',
        'jobstream retry --status cancelled --tag campaign-7 --yes',
        `jobstream retry 01a21007-5d41-7b37-bb26-e9f0e3028d57 --payload '{"to": "other@example.com"}'`,
      ),
    )
    .addOption(waitOption())
    .option('--payload <json>', 'another payload for one job: itself, @file, or - for standard input')
    .action(run(retry));
}

async function retry(api: Api, ids: string[], { payload, wait, ...options }: RetryOptions): Promise<ExitCode> {
  if (payload !== undefined && ids.length !== 1) throw new UsageError('give one id with --payload');
  if (wait !== undefined && ids.length === 0) throw new UsageError('give ids with --wait');
  if (payload === undefined && wait === undefined) return change(RETRY, { api, ids, options });
  assertOnlyIds(ids, options);
  const changed = payload === undefined ? {} : { payload: await readPayload(payload, api) };
  const body = { ...changed, ...definedIn({ reason: options.reason }) };
  return retryAndWait(api, ids, { body, wait });
}

/** Retries jobs one after the other, and waits for the end of each before the next if that is asked for. */
async function retryAndWait(
  api: Api,
  ids: readonly string[],
  { body, wait }: { readonly body: RetriedWith; readonly wait: number | undefined },
): Promise<ExitCode> {
  const { client, signal } = api;
  let worst: ExitCode = ExitCode.ok;
  const changed = await changeJobs(api, ids, async (id) => {
    const job = await client.jobs.retry(id, { signal, ...body });
    if (wait === undefined) return job;
    const ended = await awaitEnd(api, id, wait);
    if (outcomeOf(ended) > worst) worst = outcomeOf(ended);
    return ended;
  });
  return changed === ExitCode.ok ? worst : changed;
}

export function runNowCommand(run: RunOnApi) {
  return apiCommand(
    'run-now',
    'Runs jobs now that wait for their time: scheduled ones, and those that will be retried.',
  )
    .argument('<id...>', 'the ids of the jobs')
    .option('--reason <text>', 'why; it is kept in the history')
    .addHelpText(
      'after',
      examples(`jobstream run-now 01a21007-5d41-7b37-bb26-e9f0e3028d57 --reason 'the customer waits'`),
    )
    .action(run(runNow));
}

function runNow(api: Api, ids: string[], { reason }: ApiOptions & { readonly reason?: string }): Promise<ExitCode> {
  const { client, signal } = api;
  return changeJobs(api, ids, (id) => client.jobs.runNow(id, { signal, ...definedIn({ reason }) }));
}

/** Begins the declaration of a command that changes jobs: some by their ids, or those of a filter. */
export function changeCommand(name: string, summary: string) {
  return filteredCommand(name, summary)
    .option('--all', 'every job, instead of a filter')
    .option('--dry-run', 'only say how many jobs the filter matches')
    .option('-y, --yes', 'do not ask before the jobs of the filter are changed')
    .option('--reason <text>', 'why; it is kept in the history');
}

interface Change {
  readonly api: Api;
  readonly ids: readonly string[];
  readonly options: ChangeOptions;
}

/** @throws UsageError for ids and a filter, and for none of both. */
export function change(deed: JobDeed, { api, ids, options }: Change): Promise<ExitCode> {
  const { client, signal } = api;
  const { reason, dryRun = false, yes = false } = options;
  const selection = selectionOf(ids, options);
  if (selection !== undefined)
    return changeMatching(deed, { selection, dryRun, isConfirmed: yes, ...definedIn({ reason }) }, api);
  return changeJobs(api, ids, (id) => deed.one(client.jobs, id, { signal, ...definedIn({ reason }) }));
}

function assertOnlyIds(ids: readonly string[], { all, dryRun, ...options }: ChangeOptions): void {
  if (ids.length > 0 && (all || dryRun || Object.keys(filterOf(options)).length > 0)) {
    throw new UsageError('give ids, or a filter with its options, not both');
  }
}

/** Returns what the options select; undefined when the jobs are named. */
function selectionOf(ids: readonly string[], { all, dryRun, ...options }: ChangeOptions): JobSelection | undefined {
  const filter = filterOf(options);
  const isFiltered = Object.keys(filter).length > 0;
  if (all && isFiltered) throw new UsageError('give --all or a filter, not both');
  assertOnlyIds(ids, { ...definedIn({ all, dryRun }), ...options });
  if (ids.length > 0) return undefined;
  if (all) return { all };
  if (isFiltered) return filter;
  throw new UsageError('give ids, or a filter such as --status failed --type email, or --all for every job');
}
