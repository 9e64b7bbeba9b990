import type { Job, JobEvent, JobStep, LostAttempt } from '@jobstream/client';
import { apiCommand, type Api, type ApiOptions, type RunOnApi } from '../command/apiCommand.ts';
import { definedIn } from '../command/definedIn.ts';
import { ExitCode } from '../command/exitCode.ts';
import { examples } from '../command/help.ts';
import { asOfTime } from '../command/values.ts';
import { awaitEnd, waitOption } from './awaitEnd.ts';
import { describeEvent, describeStep } from './describe/describeEvent.ts';
import { describeJob, outcomeOf } from './describe/describeJob.ts';
import { stackOf } from './describe/explainJob.ts';
import type { Printer } from '../output/printer.ts';
import { plainText } from '../output/table.ts';
import { describeLostAttempts, readLostAttempts } from './describe/readLostAttempts.ts';

interface GetOptions extends ApiOptions {
  readonly events?: true;
  readonly wait?: number;
  readonly asOf?: string;
}

export function getCommand(run: RunOnApi) {
  return apiCommand('get', 'Shows a job.')
    .argument('<id>', 'the id of the job')
    .option('--events', 'also show its history')
    .addOption(waitOption().conflicts('asOf'))
    .option(
      '--as-of <time>',
      'as it was then, e.g. 2030-01-31T03:12:00Z, "10m ago", or after the event with a sequence',
      asOfTime,
    )
    .addHelpText('after', examples('jobstream get 01a21007-5d41-7b37-bb26-e9f0e3028d57 --wait 30s --events'))
    .action(run(showJob));
}

async function showJob(api: Api, id: string, { wait, events, asOf }: GetOptions): Promise<ExitCode> {
  const { client, printer, signal } = api;
  const job =
    wait === undefined ? await client.jobs.get(id, { signal, ...definedIn({ asOf }) }) : await awaitEnd(api, id, wait);
  const history = events ? await client.jobs.history(id, { signal }) : undefined;
  const lost = asOf === undefined ? await readLostAttempts(api, job, history) : [];
  const steps = asOf !== undefined || job.stepsRecorded === undefined ? [] : await client.jobs.steps(id, { signal });
  const document = {
    ...job,
    ...(steps.length > 0 && { steps }),
    ...(lost.length > 0 && { lostAttempts: lost }),
    ...(history && { events: history }),
  };
  printer.document(document, () => describe(api, { job, steps, lost, history }));
  return wait === undefined ? ExitCode.ok : outcomeOf(job);
}

interface Shown {
  readonly job: Job;
  readonly steps: readonly JobStep[];
  readonly lost: readonly LostAttempt[];
  readonly history: readonly JobEvent[] | undefined;
}

/** Without its history, a job has the attempts that were lost below its properties; with it, below the events that followed them. */
function describe({ printer }: Api, { job, steps, lost, history }: Shown): string {
  const ofJob = `${describeJob(job, printer)}${stackOf(job.error)}`;
  const shown = [ofJob, ...steps.map((step) => lineOf(step, printer))].join('\n');
  if (history === undefined) return [shown, ...describeLostAttempts(lost, printer)].join('\n');
  const lines = history.flatMap((event) => [
    describeEvent(event, printer),
    ...describeLostAttempts(
      lost.filter(({ version }) => version === event.version),
      printer,
    ),
  ]);
  return [shown, ...lines].join('\n');
}

function lineOf(step: JobStep, { tone, due }: Printer): string {
  const result = step.result === undefined ? '' : `: ${JSON.stringify(step.result)}`;
  return `${tone('quiet', `step, attempt ${step.attempt}`)}  ${plainText(`${describeStep(step, due)}${result}`)}`;
}
