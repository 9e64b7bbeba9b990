import { apiCommand, type Api, type ApiOptions, type RunOnApi } from '../command/apiCommand.ts';
import { definedIn } from '../command/definedIn.ts';
import { ExitCode } from '../command/exitCode.ts';
import { examples } from '../command/help.ts';
import { time } from '../command/values.ts';

interface PauseOptions extends ApiOptions {
  readonly until?: string;
}

export function pauseCommand(run: RunOnApi) {
  return apiCommand('pause', 'Pauses a job type: no new attempt starts.')
    .argument('<type>', 'the job type')
    .option('--until <time>', 'resume by itself at this time', time)
    .addHelpText('after', examples('jobstream types pause email --until 2030-01-31T09:00:00+01:00'))
    .action(run(pauseType));
}

async function pauseType({ client, printer, signal }: Api, type: string, { until }: PauseOptions): Promise<ExitCode> {
  const paused = await client.types.pause(type, { signal, ...definedIn({ until }) });
  printer.document(
    paused,
    () => `${type} is paused${until === undefined ? '' : `, and resumes ${printer.time(until)}`}`,
  );
  return ExitCode.ok;
}

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
