import { Command } from '@commander-js/extra-typings';
import { apiCommand, type Api, type ApiOptions, type RunOnApi } from '../command/apiCommand.ts';
import { definedIn } from '../command/definedIn.ts';
import { ExitCode } from '../command/exitCode.ts';
import { examples } from '../command/help.ts';
import { createScheduleCommand } from './create.ts';
import { getScheduleCommand } from './get.ts';
import { listSchedulesCommand } from './list.ts';

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
