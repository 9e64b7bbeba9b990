import { Command } from '@commander-js/extra-typings';
import type { Schedule } from '@jobstream/client';
import { apiCommand, type Api, type ApiOptions, type RunOnApi } from '../command/apiCommand.ts';
import { definedIn } from '../command/definedIn.ts';
import { ExitCode } from '../command/exitCode.ts';
import { examples } from '../command/help.ts';
import type { Printer } from '../output/printer.ts';
import type { Column } from '../output/table.ts';
import { createScheduleCommand } from './create.ts';
import { getScheduleCommand } from './get.ts';

export function schedulesCommand(run: RunOnApi) {
  return new Command('schedules')
    .description('Lists, creates, changes and deletes schedules, which create jobs at the times of a cron expression.')
    .addCommand(listSchedulesCommand(run))
    .addCommand(getScheduleCommand(run))
    .addCommand(createScheduleCommand(run))
    .addCommand(runScheduleCommand(run))
    .addCommand(deleteScheduleCommand(run))
    .addHelpText('after', examples('jobstream schedules', 'jobstream schedules get nightly-report'));
}

function listSchedulesCommand(run: RunOnApi) {
  return apiCommand('list', 'Lists schedules by name.')
    .addHelpText('after', examples('jobstream schedules', 'jobstream schedules list --json'))
    .action(run(listSchedules));
}

async function listSchedules({ client, printer, signal }: Api, _options: ApiOptions): Promise<ExitCode> {
  await printer.table(client.schedules.list({ signal }), columns(printer), 'There are no schedules.');
  return ExitCode.ok;
}

function runScheduleCommand(run: RunOnApi) {
  return apiCommand('run', 'Creates a job of a schedule now, beside its ticks.')
    .argument('<name>', 'the name of the schedule')
    .option('--reason <text>', 'why; it is kept in the history of the job')
    .addHelpText('after', examples('jobstream schedules run nightly-report'))
    .action(run(runSchedule));
}

async function runSchedule(
  { client, printer, signal }: Api,
  name: string,
  { reason }: ApiOptions & { readonly reason?: string },
): Promise<ExitCode> {
  const job = await client.schedules.run(name, { signal, ...definedIn({ reason }) });
  printer.document(job, () => `${printer.tone('strong', job.id)}  ${job.type}  ${job.status}`);
  return ExitCode.ok;
}

function deleteScheduleCommand(run: RunOnApi) {
  return apiCommand('delete', 'Deletes a schedule; its jobs stay.')
    .argument('<name>', 'the name of the schedule')
    .addHelpText('after', examples('jobstream schedules delete nightly-report'))
    .action(run(deleteSchedule));
}

async function deleteSchedule({ client, printer, signal }: Api, name: string, _options: ApiOptions): Promise<ExitCode> {
  await client.schedules.delete(name, { signal });
  printer.document({ name, deleted: true }, () => `${name} is deleted`);
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
