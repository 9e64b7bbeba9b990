import type { Job, JobFilter, JobStatus } from '@jobstream/client';
import { Option } from '@commander-js/extra-typings';
import { apiCommand, type Api, type ApiOptions, type RunOnApi } from '../command/apiCommand.ts';
import { definedIn } from '../command/definedIn.ts';
import { ExitCode } from '../command/exitCode.ts';
import { examples } from '../command/help.ts';
import { time, wholeNumber } from '../command/values.ts';
import type { Printer } from '../output/printer.ts';
import type { Column } from '../output/table.ts';
import { describeError, describeProgress } from './describeEvent.ts';
import { paintStatus } from './describeJob.ts';

interface ListOptions extends ApiOptions {
  readonly status?: JobStatus;
  readonly type?: string;
  readonly tag?: string;
  readonly createdAfter?: string;
  readonly createdBefore?: string;
  readonly limit: number;
  readonly all?: true;
}

const STATUSES = ['scheduled', 'pending', 'processing', 'retrying', 'completed', 'failed', 'cancelled'] as const;

export function listCommand(run: RunOnApi) {
  return apiCommand('list', 'Lists jobs, newest first.')
    .addOption(new Option('--status <status>', 'jobs in this status').choices(STATUSES))
    .option('--type <type>', 'jobs of this type')
    .option('--tag <tag>', 'jobs with this tag')
    .option('--created-after <time>', 'jobs created after it, e.g. 2030-01-31T09:00:00Z', time)
    .option('--created-before <time>', 'jobs created before it', time)
    .option('--limit <n>', 'how many', wholeNumber(1), 50)
    .option('--all', 'all of them')
    .addHelpText(
      'after',
      examples(
        'jobstream list --status failed --type email',
        'jobstream list --status failed --all --json | jq -r .id | xargs jobstream retry',
      ),
    )
    .action(run(listJobs));
}

async function listJobs({ client, printer, signal }: Api, { limit, all, ...options }: ListOptions): Promise<ExitCode> {
  const { status, type, tag, createdAfter, createdBefore } = options;
  const filter: JobFilter = definedIn({ status, type, tag, createdAfter, createdBefore });
  const most = all ? Number.POSITIVE_INFINITY : limit;
  const jobs = firstOf(client.jobs.list(filter, { signal }), most, () =>
    printer.note(`There are more jobs: --limit <n> or --all shows them.`),
  );
  await printer.table(jobs, columns(printer), 'There are no such jobs.');
  return ExitCode.ok;
}

/** Yields at most `most` items, and tells whether there were more. */
async function* firstOf<Item>(items: AsyncIterable<Item>, most: number, onMore: () => void): AsyncGenerator<Item> {
  let count = 0;
  for await (const item of items) {
    if (count === most) return onMore();
    count += 1;
    yield item;
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

/** What is worth knowing of a job in its status. */
function noteOn({ status, error, progress, runAt }: Job, { time: shown }: Printer): string {
  if (status === 'scheduled' && runAt !== undefined) return `due ${shown(runAt)}`;
  if (status === 'processing' && progress !== undefined) return describeProgress(progress);
  return error === undefined || status === 'completed' ? '' : describeError(error);
}
