import { apiCommand, type Api, type ApiOptions, type RunOnApi } from '../command/apiCommand.ts';
import { ExitCode } from '../command/exitCode.ts';
import { examples } from '../command/help.ts';

export function resumeCommand(run: RunOnApi) {
  return apiCommand('resume', 'Ends the pause of a job type.')
    .argument('<type>', 'the job type')
    .addHelpText('after', examples('jobstream types resume email'))
    .action(run(resumeType));
}

async function resumeType({ client, printer, signal }: Api, type: string, _options: ApiOptions): Promise<ExitCode> {
  const resumed = await client.types.resume(type, { signal });
  printer.document(resumed, () => `${type} is active, ${resumed.backlog} waiting`);
  return ExitCode.ok;
}
