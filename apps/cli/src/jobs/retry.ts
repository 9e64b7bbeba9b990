import { apiCommand, type Api, type ApiOptions, type RunOnApi } from '../command/apiCommand.ts';
import { definedIn } from '../command/definedIn.ts';
import type { ExitCode } from '../command/exitCode.ts';
import { examples } from '../command/help.ts';
import { changeJobs } from './changeJobs.ts';

interface RetryOptions extends ApiOptions {
  readonly reason?: string;
}

export function retryCommand(run: RunOnApi) {
  return apiCommand('retry', 'Puts failed or cancelled jobs back into their queue, with all their attempts.')
    .argument('<id...>', 'the ids of the jobs')
    .option('--reason <text>', 'why; it is kept in the history')
    .addHelpText('after', examples('jobstream list --status failed --all --json | jq -r .id | xargs jobstream retry'))
    .action(run(retryJobs));
}

function retryJobs(api: Api, ids: readonly string[], { reason }: RetryOptions): Promise<ExitCode> {
  const { client, signal } = api;
  return changeJobs(api, ids, (id) => client.jobs.retry(id, { signal, ...definedIn({ reason }) }));
}
