import { Option } from '@commander-js/extra-typings';
import { hasEnded, type Job, type JobListFilter, type JobPage } from '@jobstream/client';
import type { Api, RunOnApi } from '../command/apiCommand.ts';
import { definedIn } from '../command/definedIn.ts';
import { ExitCode } from '../command/exitCode.ts';
import { firstOf } from '../command/firstOf.ts';
import { examples } from '../command/help.ts';
import { asOfTime, wholeNumber } from '../command/values.ts';
import type { Printer } from '../output/printer.ts';
import type { Column } from '../output/table.ts';
import { describeError, describeProgress } from './describe/describeEvent.ts';
import { paintStatus } from './describe/describeJob.ts';
import { listFilterOf, listingCommand, type ListFilterOptions } from './listFilter.ts';

interface ListOptions extends ListFilterOptions {
  readonly sort?: NonNullable<JobListFilter['sort']>;
  readonly limit: number;
  readonly all?: true;
  readonly asOf?: string;
}

const SORTS = ['newest', 'oldest', 'longest', 'shortest', 'lastFinished', 'firstFinished'] as const;

export function listCommand(run: RunOnApi) {
  return listingCommand('list', 'Lists jobs, newest first.')
    .addOption(
      new Option('--sort <order>', 'by age, by how long the last attempt ran, or by when they ended').choices(SORTS),
    )
    .option('--limit <n>', 'how many', wholeNumber(1), 50)
    .option('--all', 'all of them')
    .option(
      '--as-of <time>',
      'the jobs that there were then, e.g. 2030-01-31T03:12:00Z, "10m ago", or a sequence',
      asOfTime,
    )
    .addHelpText(
      'after',
      examples(
        'jobstream list --status failed --status cancelled --type email',
        'jobstream list --error-code ETIMEDOUT --finished-after 2030-01-31T09:00:00Z --sort longest',
        'jobstream list --tag monthly --all --json | jq -r .id',
        'jobstream list --status processing --as-of "10m ago"',
      ),
    )
    .action(run(listJobs));
}

async function listJobs(
  { client, printer, signal }: Api,
  { limit, all, sort, asOf, ...options }: ListOptions,
): Promise<ExitCode> {
  const filter = { ...listFilterOf(options), ...definedIn({ sort, asOf }) };
  const most = all ? Number.POSITIVE_INFINITY : limit;
  let unknown = 0;
  const found = jobsOf(async (cursor) => {
    const page = await client.jobs.listPage({ ...filter, ...definedIn({ cursor }) }, { signal });
    unknown += page.unknown ?? 0;
    return page;
  });
  const jobs = firstOf(found, most, () => printer.note(`There are more jobs: --limit <n> or --all shows them.`));
  await printer.table(jobs, columns(printer), 'There are no such jobs.');
  if (unknown > 0) printer.note(`The log has lost what ${unknown} more jobs were at that time: they are left out.`);
  return ExitCode.ok;
}

/** The jobs of all pages, each of which is read when the one before is used up. */
async function* jobsOf(read: (cursor: string | undefined) => Promise<JobPage>): AsyncGenerator<Job> {
  for (let next: string | null | undefined; next !== null;) {
    const { items, nextCursor } = await read(next);
    yield* items;
    next = nextCursor;
  }
}

function columns(printer: Printer): readonly Column<Job>[] {
  return [
    { title: 'ID', value: ({ id }) => id },
    { title: 'TYPE', value: ({ type }) => type, flexible: true },
    {
      title: 'STATUS',
      value: ({ status }) => status,
      paint: (text, { status }) => paintStatus(status, printer, text),
    },
    { title: 'ATTEMPT', value: ({ attempt, maxAttempts }) => `${attempt}/${maxAttempts}`, right: true },
    { title: 'CREATED', value: ({ createdAt }) => printer.time(createdAt) },
    { title: 'TAGS', value: ({ tags }) => tags.join(','), flexible: true },
    { title: 'NOTE', value: (job) => noteOn(job, printer), flexible: true },
  ];
}

/** What is worth knowing of a job: its priority, while that can matter, and what is special to its status. */
function noteOn(job: Job, printer: Printer): string {
  const priority = hasEnded(job) || job.priority === undefined ? '' : `${job.priority} priority`;
  return [priority, statusNote(job, printer)].filter(Boolean).join(', ');
}

function statusNote({ status, error, progress, runAt }: Job, { due }: Printer): string {
  if (status === 'scheduled' && runAt !== undefined) return `due ${due(runAt)}`;
  if (status === 'waiting' && runAt !== undefined) return `sleeps, due ${due(runAt)}`;
  if (status === 'processing' && progress !== undefined) return describeProgress(progress);
  return error === undefined || status === 'completed' ? '' : describeError(error);
}
