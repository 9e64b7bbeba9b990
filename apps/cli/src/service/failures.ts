import type { FailureGroup, SharedTrait, SharedTraits } from '@jobstream/client';
import { apiCommand, type Api, type ApiOptions, type RunOnApi } from '../command/apiCommand.ts';
import { definedIn } from '../command/definedIn.ts';
import { ExitCode } from '../command/exitCode.ts';
import { UsageError } from '../command/failure.ts';
import { examples } from '../command/help.ts';
import { period, repeated, wholeNumber } from '../command/values.ts';
import { countOf } from '../output/countOf.ts';
import type { Printer } from '../output/printer.ts';
import { formatTable, type Column } from '../output/table.ts';

interface FailuresOptions extends ApiOptions {
  readonly window?: string;
  readonly type?: readonly string[];
  readonly limit?: number;
}

export function failuresCommand(run: RunOnApi) {
  return apiCommand(
    'failures',
    'Groups the jobs that failed by type, error and message, or shows what those of a group share.',
  )
    .argument('[group]', 'the name of a group: shows what its jobs share and others of their type do not')
    .option(
      '--window <duration>',
      'those of the last minutes, hours or days, e.g. 15m or 7d; 24h if it is not given',
      period,
    )
    .option('--type <type>', 'jobs of this type; may be repeated', repeated)
    .option('--limit <n>', 'how many groups', wholeNumber(1))
    .addHelpText(
      'after',
      examples(
        'jobstream failures --window 1h',
        'jobstream failures --type email --json',
        'jobstream failures email-smtperror-e452-mailbox-is-full-8d0c1f7b2a964e31',
      ),
    )
    .action(run(showFailures));
}

function showFailures(api: Api, group: string | undefined, options: FailuresOptions): Promise<ExitCode> {
  return group === undefined ? listFailures(api, options) : showShared(api, group, options);
}

async function listFailures({ client, printer, signal }: Api, options: FailuresOptions): Promise<ExitCode> {
  const { window, type, limit } = options;
  const failures = await client.failures(definedIn({ window, type, limit }), { signal });
  await printer.table(failures.items, columns(printer), 'No job has failed.');
  if (!failures.totalExact) printer.note(`There are more than ${failures.total} failed jobs: give a shorter --window.`);
  return ExitCode.ok;
}

function columns({ time }: Printer): readonly Column<FailureGroup>[] {
  return [
    { title: 'JOBS', value: ({ count }) => String(count), right: true },
    { title: 'TYPE', value: ({ type }) => type, flexible: true },
    { title: 'ERROR', value: ({ name, code }) => (code === undefined ? name : `${name} ${code}`), flexible: true },
    { title: 'MESSAGE', value: ({ message }) => message, flexible: true },
    { title: 'FIRST', value: ({ firstAt }) => time(firstAt) },
    { title: 'LAST', value: ({ lastAt }) => time(lastAt) },
    { title: 'GROUP', value: ({ id }) => id },
  ];
}

async function showShared(api: Api, group: string, { window, type, limit }: FailuresOptions): Promise<ExitCode> {
  if (type !== undefined || limit !== undefined)
    throw new UsageError('--type and --limit choose groups: leave them out with the name of one');
  const shared = await api.client.sharedTraits(group, { ...definedIn({ window }), signal: api.signal });
  api.printer.document(shared, () => describeShared(shared, api));
  return shared.jobs === 0 ? ExitCode.negative : ExitCode.ok;
}

function describeShared({ jobs, others, traits }: SharedTraits, { printer, stdout }: Api): string {
  if (jobs === 0) return 'No job of this group has failed in the window, or all were retried since.';
  if (jobs === 1) return 'One job has failed like this: there is nothing to share.';
  const compared = `${countOf(jobs, 'job')} of the group, compared with ${countOf(others, 'other')} of the type`;
  if (traits.length === 0) return `${compared}: no tag and no version sets them apart.`;
  const heading = (text: string) => printer.tone('quiet', text);
  const table = formatTable(traits, sharedColumns(jobs, others), { width: stdout.columns, heading });
  return `${compared}:\n${table}`;
}

function sharedColumns(jobs: number, others: number): readonly Column<SharedTrait>[] {
  return [
    { title: 'SHARED', value: ({ kind }) => (kind === 'tag' ? 'tag' : 'worker version') },
    { title: 'VALUE', value: ({ value }) => value, flexible: true },
    { title: 'IN THE GROUP', value: ({ count }) => `${count} of ${jobs}` },
    { title: 'ELSEWHERE', value: ({ elsewhere }) => `${elsewhere} of ${others}` },
  ];
}
