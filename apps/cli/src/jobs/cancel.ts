import { apiCommand, type Api, type ApiOptions, type RunOnApi } from '../command/apiCommand.ts';
import { definedIn } from '../command/definedIn.ts';
import type { ExitCode } from '../command/exitCode.ts';
import { examples } from '../command/help.ts';
import { changeJobs } from './changeJobs.ts';

interface CancelOptions extends ApiOptions {
  readonly reason?: string;
}

export function cancelCommand(run: RunOnApi) {
  return apiCommand('cancel', 'Cancels jobs that have not ended.')
    .argument('<id...>', 'the ids of the jobs')
    .option('--reason <text>', 'why; it is kept in the history')
    .addHelpText('after', examples(`jobstream cancel 01a21007-5d41-7b37-bb26-e9f0e3028d57 --reason 'sent by hand'`))
    .action(run(cancelJobs));
}

function cancelJobs(api: Api, ids: readonly string[], { reason }: CancelOptions): Promise<ExitCode> {
  const { client, signal } = api;
  return changeJobs(api, ids, (id) => client.jobs.cancel(id, { signal, ...definedIn({ reason }) }));
}
