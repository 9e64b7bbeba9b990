import type { FailureGroup } from '@jobstream/client';
import { apiCommand, type Api, type ApiOptions, type RunOnApi } from '../command/apiCommand.ts';
import { definedIn } from '../command/definedIn.ts';
import { ExitCode } from '../command/exitCode.ts';
import { examples } from '../command/help.ts';
import { period, repeated, wholeNumber } from '../command/values.ts';
import type { Printer } from '../output/printer.ts';
import type { Column } from '../output/table.ts';

interface FailuresOptions extends ApiOptions {
  readonly window?: string;
  readonly type?: readonly string[];
  readonly limit?: number;
}

export function failuresCommand(run: RunOnApi) {
  return apiCommand('failures', 'Groups the jobs that failed by type, error and message, the largest groups first.')
    .option(
      '--window <duration>',
      'those of the last minutes, hours or days, e.g. 15m or 7d; 24h if it is not given',
      period,
    )
    .option('--type <type>', 'jobs of this type; may be repeated', repeated)
    .option('--limit <n>', 'how many groups', wholeNumber(1))
    .addHelpText('after', examples('jobstream failures --window 1h', 'jobstream failures --type email --json'))
    .action(run(listFailures));
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
    { title: 'LAST JOB', value: ({ lastJob }) => lastJob },
  ];
}
