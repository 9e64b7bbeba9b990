import type { Job } from '@jobstream/client';
import { apiCommand, type Api, type ApiOptions, type RunOnApi } from '../command/apiCommand.ts';
import { ExitCode } from '../command/exitCode.ts';
import { examples } from '../command/help.ts';
import { explainJob } from './describe/explainJob.ts';
import { describeLostAttempts, readLostAttempts } from './describe/readLostAttempts.ts';

export function whyCommand(run: RunOnApi) {
  return apiCommand('why', 'Says why a job does not run or has failed, and what to do.')
    .argument('<id>', 'the id of the job')
    .addHelpText('after', examples('jobstream why 01a21007-5d41-7b37-bb26-e9f0e3028d57'))
    .action(run(explain));
}

async function explain(api: Api, id: string, _options: ApiOptions): Promise<ExitCode> {
  const { client, printer, signal } = api;
  const job: Job = await client.jobs.get(id, { signal });
  const { status, attempt, maxAttempts, byDefinition, waitingFor, error } = job;
  const lost = await readLostAttempts(api, job);
  const lostAttempts = lost.length > 0 ? lost : undefined;
  printer.document({ id: job.id, status, attempt, maxAttempts, byDefinition, waitingFor, error, lostAttempts }, () => {
    const { because, advice } = explainJob(job, printer);
    return [because, ...describeLostAttempts(lost, printer), ...(advice === undefined ? [] : [advice])].join('\n');
  });
  return ExitCode.ok;
}
