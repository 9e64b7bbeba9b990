import { Argument } from '@commander-js/extra-typings';
import type { PayloadCheck } from '@jobstream/client';
import { apiCommand, type Api, type ApiOptions, type RunOnApi } from '../command/apiCommand.ts';
import { ExitCode } from '../command/exitCode.ts';
import { examples } from '../command/help.ts';

export function checkCommand(run: RunOnApi) {
  return apiCommand('check', 'Sets what becomes of payloads that no worker of a type accepts.')
    .argument('<type>', 'the job type')
    .addArgument(
      new Argument('<check>', 'refuse them, or accept them with a warning').choices(['refuse', 'warn'] as const),
    )
    .addHelpText('after', examples('jobstream types check email warn'))
    .action(run(setPayloadCheck));
}

async function setPayloadCheck(
  { client, printer, signal }: Api,
  type: string,
  check: PayloadCheck,
  _options: ApiOptions,
): Promise<ExitCode> {
  const changed = await client.types.setPayloadCheck(type, check, { signal });
  printer.document(changed, () => `${type}: ${check}`);
  return ExitCode.ok;
}
