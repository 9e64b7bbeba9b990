import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { repositoryRoot, type resolveChromium } from '@jobstream/servers';
import { type RunningSystem, TestProcess } from '@jobstream/test-support';
import { examplesOf } from '../docs/examplesOf.ts';
import type { Check } from '../harness/runChecks.ts';
import { runInShell } from '../harness/runInShell.ts';
import { dashboardCheck } from './dashboardCheck.ts';
import { doneBy } from './doneBy.ts';
import type { ReadmeProject } from './readmeProject.ts';
import { stopCheck } from './stopCheck.ts';
import { takeoverCheck } from './takeoverCheck.ts';

/** What the checks use; it comes up while they run. */
export interface SmokeParts {
  /** The environment of `npm start`, and of commands on its system. */
  readonly env: Record<string, string>;
  /** `npm start`. */
  readonly starting: Promise<RunningSystem>;
  readonly installing: Promise<ReadmeProject>;
  readonly browser: ReturnType<typeof resolveChromium>;
}

const CURL_PATIENCE_S = 120;

/** What a user meets first, in this order; each check depends on those before it. */
export function smokeChecks({ env, starting, installing, browser }: SmokeParts): readonly Check[] {
  return [
    { name: '`npm start` becomes ready', run: async () => (await starting).api },
    { name: 'curl creates a job and follows it as in README.md', run: async () => curlJob(await starting) },
    {
      name: 'the worker and the producer of README.md run with the packed packages',
      run: async () => ownJob(await installing, await starting),
    },
    takeoverCheck(installing, starting),
    dashboardCheck(starting, browser),
    { name: '`npm run verify` finds the table equal to the log', run: () => verify(env) },
    stopCheck(starting),
  ];
}

/** Runs the lines of the page, but with the longest wait, for a machine with much else to do. */
async function curlJob({ api }: RunningSystem): Promise<string> {
  const page = await readFile(path.join(repositoryRoot, 'README.md'), 'utf8');
  const lines = examplesOf(page).find(({ commands }) => commands.includes('curl'))?.commands ?? '';
  const here = lines.replaceAll('localhost:3000', new URL(api).host).replace('wait=10s', 'wait=60s');
  const curl = `curl() { command curl --max-time ${CURL_PATIENCE_S} -w '\\n' "$@"; }`;
  const signal = AbortSignal.timeout(3 * CURL_PATIENCE_S * 1_000);
  const shell = runInShell(`${curl}\n${here}`, { env: { PATH: process.env['PATH'] ?? '' }, signal });
  assert.equal(await shell.ended, 0, shell.output);
  const [job, history] = shell.stdout.trim().split('\n').map(parse);
  assert.equal(job?.status, 'completed', shell.output);
  const events = history?.items?.map(({ event }) => event);
  assert.deepEqual(events, ['JobCreated', 'JobStarted', 'JobCompleted'], shell.output);
  return events.join(', ');
}

interface Answer {
  readonly status?: string;
  readonly items?: readonly { readonly event: string }[];
}

function parse(line: string): Answer {
  return JSON.parse(line) as Answer;
}

/** The programs at the beginning of the page. */
async function ownJob(project: ReadmeProject, system: RunningSystem): Promise<string> {
  await using worker = await project.run('jobs/worker.ts', system);
  await using producer = await project.run('producer.ts', system);
  assert.equal(await doneBy(worker, producer.ended), 0, producer.output);
  assert.equal(producer.stdout, '{ bytes: 5400 }\n', producer.output);
  worker.kill('SIGTERM');
  assert.equal(await worker.ended, 0, worker.output);
  return producer.stdout.trim();
}

async function verify(env: Record<string, string>): Promise<string> {
  const options = { args: ['run', 'verify'], cwd: repositoryRoot, env: { ...process.env, ...env }, ipc: false };
  await using run = new TestProcess('npm', options);
  assert.equal(await run.ended, 0, run.output);
  const [sentence] = /^The table matches the log.*(?=\.$)/m.exec(run.stdout) ?? [];
  assert.ok(sentence, run.output);
  return sentence;
}
