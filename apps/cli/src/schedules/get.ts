import { apiCommand, type Api, type ApiOptions, type RunOnApi } from '../command/apiCommand.ts';
import { ExitCode } from '../command/exitCode.ts';
import { examples } from '../command/help.ts';
import { describeSchedule } from './describeSchedule.ts';

export function getScheduleCommand(run: RunOnApi) {
  return apiCommand('get', 'Shows a schedule.')
    .argument('<name>', 'the name of the schedule')
    .addHelpText('after', examples('jobstream schedules get nightly-report'))
    .action(run(showSchedule));
}

async function showSchedule({ client, printer, signal }: Api, name: string, _options: ApiOptions): Promise<ExitCode> {
  const schedule = await client.schedules.get(name, { signal });
  printer.document(schedule, () => describeSchedule(schedule, printer));
  return ExitCode.ok;
}
