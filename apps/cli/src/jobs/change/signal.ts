import { apiCommand, type Api, type ApiOptions, type RunOnApi } from '../../command/apiCommand.ts';
import { definedIn } from '../../command/definedIn.ts';
import { ExitCode } from '../../command/exitCode.ts';
import { examples } from '../../command/help.ts';
import { readPayload } from '../../command/readPayload.ts';
import { plainText } from '../../output/table.ts';

interface SignalOptions extends ApiOptions {
  readonly idempotencyKey?: string;
}

export function signalCommand(run: RunOnApi) {
  return apiCommand('signal', 'Sends a signal to a job, for the step that waits for it now or later.')
    .argument('<id>', 'the id of the job')
    .argument('<name>', 'the name of the signal, as the definition of its type has it')
    .argument('[payload]', 'JSON, - for standard input, or @file; null if it is left out')
    .option('--idempotency-key <key>', 'the same key sends it only once, however often the command runs')
    .addHelpText(
      'after',
      examples(
        `jobstream signal 01a21007-5d41-7b37-bb26-e9f0e3028d57 approved '{"by": "ann@example.com"}'`,
        'jobstream signal 01a21007-5d41-7b37-bb26-e9f0e3028d57 paid - --idempotency-key payment-4711 < payment.json',
      ),
    )
    .action(run(signal));
}

async function signal(
  api: Api,
  ...[id, name, payload, { idempotencyKey }]: [string, string, string | undefined, SignalOptions]
): Promise<ExitCode> {
  const { client, printer } = api;
  const given = payload === undefined ? undefined : await readPayload(payload, api);
  const options = { signal: api.signal, ...definedIn({ idempotencyKey }) };
  const job = await client.jobs.signal(id, name, given, options);
  for (const { detail } of job.warnings ?? []) printer.note(`warning: ${plainText(detail)}`);
  printer.document(job, () => `${printer.tone('strong', job.id)}  ${job.type}  ${job.status}  ${job.signal.name} sent`);
  return ExitCode.ok;
}
