import { apiCommand, type Api, type ApiOptions, type RunOnApi } from '../command/apiCommand.ts';
import { ExitCode } from '../command/exitCode.ts';
import { examples } from '../command/help.ts';

export function deleteScheduleCommand(run: RunOnApi) {
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
