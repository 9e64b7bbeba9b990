import { apiCommand, type Api, type ApiOptions, type RunOnApi } from '../command/apiCommand.ts';
import { ExitCode } from '../command/exitCode.ts';
import { examples } from '../command/help.ts';

export function removeTypeCommand(run: RunOnApi) {
  return apiCommand('remove', 'Removes what workers have announced of a type, and its settings, but no jobs.')
    .argument('<type>', 'the job type')
    .addHelpText('after', examples('jobstream types remove emial'))
    .action(run(removeType));
}

async function removeType({ client, printer, signal }: Api, type: string, _options: ApiOptions): Promise<ExitCode> {
  await client.types.remove(type, { signal });
  printer.document({ type, removed: true }, () => `${type} is removed`);
  return ExitCode.ok;
}
