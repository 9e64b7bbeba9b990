import type { ComparedPart, Job, JobComparison } from '@jobstream/client';
import { apiCommand, type Api, type ApiOptions, type RunOnApi } from '../command/apiCommand.ts';
import { ExitCode } from '../command/exitCode.ts';
import { examples } from '../command/help.ts';
import { formatTable, plainText, type Column } from '../output/table.ts';
import { formatDuration } from '../output/times.ts';
import { describeError } from './describe/describeEvent.ts';

export function compareCommand(run: RunOnApi) {
  return apiCommand('compare', 'Compares a job with another one, or with the last of its type that has succeeded.')
    .argument('<id>', 'the id of the job')
    .argument('[other]', 'the id of the other one; without it, the last that has succeeded and shares most tags')
    .addHelpText('after', examples('jobstream compare 01a21007-5d41-7b37-bb26-e9f0e3028d57'))
    .action(run(compareJobs));
}

async function compareJobs(api: Api, id: string, other: string | undefined, _options: ApiOptions): Promise<ExitCode> {
  const comparison = await api.client.jobs.compare(id, other, { signal: api.signal });
  api.printer.document(comparison, () => describe(comparison, api));
  return comparison.other === undefined ? ExitCode.negative : ExitCode.ok;
}

function describe({ job, other, ...compared }: JobComparison, { printer, stdout }: Api): string {
  if (other === undefined) return `No other job of the type ${job.type} has succeeded: name one to compare it with.`;
  const facts = Object.entries(FACTS).map(([name, of]) => ({ name, job: of(job), other: of(other) }));
  const heading = (text: string) => printer.tone('quiet', text);
  const parts = (['error', 'payload', 'result'] as const).map((part) =>
    describePart(part, compared[part], { job: textOf(job, part), other: textOf(other, part) }),
  );
  return [formatTable(facts, COLUMNS, { width: stdout.columns, heading }), ...parts].join('\n');
}

type Fact = Readonly<Record<'name' | 'job' | 'other', string>>;

const COLUMNS: readonly Column<Fact>[] = [
  { title: '', value: ({ name }) => name },
  { title: 'THIS JOB', value: ({ job }) => job, flexible: true },
  { title: 'THE OTHER ONE', value: ({ other }) => other, flexible: true },
];

const FACTS: Readonly<Record<string, (job: Job) => string>> = {
  id: ({ id }) => id,
  type: ({ type }) => type,
  status: ({ status }) => status,
  tags: ({ tags }) => tags.join(', '),
  attempt: ({ attempt, maxAttempts }) => `${attempt} of ${maxAttempts}`,
  worker: ({ worker = '' }) => worker,
  'version of the worker': ({ workerVersion = '' }) => workerVersion,
  created: ({ createdAt }) => createdAt,
  'began after': ({ createdAt, startedAt }) => between(createdAt, startedAt),
  'ran for': ({ startedAt, finishedAt }) => between(startedAt, finishedAt),
};

function between(from: string | undefined, to: string | undefined): string {
  return from === undefined || to === undefined ? '' : formatDuration(Date.parse(to) - Date.parse(from));
}

function textOf({ error, payload, result }: Job, part: 'error' | 'payload' | 'result'): string {
  if (part === 'error') return error === undefined ? 'none' : plainText(describeError(error));
  return JSON.stringify(part === 'payload' ? payload : result) ?? 'none';
}

function describePart(name: string, part: ComparedPart | undefined, { job, other }: Omit<Fact, 'name'>): string {
  if (part === 'sealed') return `The ${name} cannot be compared: contents were erased, or cannot be decrypted.`;
  if (part === 'same') return `The ${name} is the same: ${job}`;
  return `The ${name} differs:\n  + ${job}\n  - ${other}`;
}
