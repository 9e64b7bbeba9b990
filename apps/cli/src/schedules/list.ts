import type { Schedule } from '@jobstream/client';
import { apiCommand, type Api, type ApiOptions, type RunOnApi } from '../command/apiCommand.ts';
import { ExitCode } from '../command/exitCode.ts';
import { examples } from '../command/help.ts';
import type { Printer } from '../output/printer.ts';
import type { Column } from '../output/table.ts';

export function listSchedulesCommand(run: RunOnApi) {
  return apiCommand('list', 'Lists schedules by name.')
    .addHelpText('after', examples('jobstream schedules', 'jobstream schedules list --json'))
    .action(run(listSchedules));
}

async function listSchedules({ client, printer, signal }: Api, _options: ApiOptions): Promise<ExitCode> {
  await printer.table(client.schedules.list({ signal }), columns(printer), 'There are no schedules.');
  return ExitCode.ok;
}

function columns({ time, due }: Printer): readonly Column<Schedule>[] {
  return [
    { title: 'NAME', value: ({ name }) => name, flexible: true },
    { title: 'CRON', value: ({ cron }) => cron },
    { title: 'TIME ZONE', value: ({ timeZone }) => timeZone, flexible: true },
    { title: 'TYPE', value: ({ job }) => job.type, flexible: true },
    { title: 'LAST', value: ({ lastTick }) => (lastTick === undefined ? '' : time(lastTick.tickAt)) },
    {
      title: 'NEXT',
      value: ({ enabled, nextTicks: [next] }) => (enabled && next !== undefined ? due(next) : 'disabled'),
    },
    { title: 'DEFINED BY', value: ({ definedBy }) => definedBy ?? '', flexible: true },
  ];
}
