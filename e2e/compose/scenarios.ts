import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { eventually } from '@jobstream/testing';
import { repositoryRoot } from '@jobstream/tools';
import type { ComposeProject } from './composeProject.ts';
import { settledJobs } from './settledJobs.ts';
import type { SettledJobs } from './settledJobs.ts';
import { steadyLoad } from './steadyLoad.ts';
import type { SteadyLoad } from './steadyLoad.ts';

/** Something to see in the running project; what it resolves to is a remark, what it throws is why it failed. */
export interface Scenario {
  readonly name: string;
  readonly run: (project: ComposeProject, perSecond: number) => Promise<string>;
}

const SERVICES = ['worker-1', 'worker-2', 'projector-1', 'projector-2', 'api', 'nats', 'postgres'] as const;
/** Requests at most, however long the restarts take. */
const MOST = 60_000;

export const scenarios: readonly Scenario[] = [
  { name: 'docker compose up --wait', run: up },
  { name: 'npm run demo', run: demo },
  { name: 'kill -9 of worker-1 under load loses nothing', run: killWorker },
  { name: 'a rolling restart of every container under load', run: rollingRestart },
  { name: 'down and up keep all jobs', run: downAndUp },
];

async function up(project: ComposeProject): Promise<string> {
  await project.compose('up', '--wait');
  return 'all are healthy';
}

async function demo({ api, key }: ComposeProject): Promise<string> {
  const env = { ...process.env, API_URL: api, API_KEY: key };
  const script = path.join(repositoryRoot, 'tools', 'demo.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [script], { env });
  return /status +(.*)/.exec(stdout)?.[1] ?? '';
}

async function killWorker(project: ComposeProject, perSecond: number): Promise<string> {
  const load = steadyLoad(project, { perSecond, atMost: MOST });
  await underWay(load, 500);
  await project.compose('kill', '--signal', 'KILL', 'worker-1');
  await underWay(load, load.acknowledged.size + 1_000);
  const rate = await load.stop();
  await up(project);
  return described(load, { ...(await settled(project, load)), rate });
}

async function rollingRestart(project: ComposeProject, perSecond: number): Promise<string> {
  const load = steadyLoad(project, { perSecond, atMost: MOST });
  await underWay(load, 500);
  for (const service of SERVICES) {
    await project.compose('restart', service);
    await project.compose('up', '--wait', '--no-deps', service);
  }
  const rate = await load.stop();
  const jobs = await settled(project, load);
  const burned = [...jobs.outcomes.keys()].filter((outcome) => outcome !== 'completed at attempt 1');
  if (burned.length > 0) throw new Error(described(load, { ...jobs, rate }));
  return described(load, { ...jobs, rate });
}

async function downAndUp(project: ComposeProject): Promise<string> {
  const all = 'SELECT count(*), sum(version), sum(last_sequence) FROM jobs';
  const [before] = await project.query(all);
  await project.compose('down');
  await up(project);
  const [after] = await project.query(all);
  if (after !== before) throw new Error(`${before} before, ${after} after`);
  return `${before?.split('|')[0]} jobs`;
}

function underWay(load: SteadyLoad, count: number): Promise<void> {
  const assertion = () => {
    if (load.acknowledged.size < count && load.failures.length === 0) throw new Error(`${load.acknowledged.size} jobs`);
  };
  return eventually(assertion, { timeoutMs: 120_000 });
}

async function settled(project: ComposeProject, load: SteadyLoad): Promise<SettledJobs> {
  if (load.failures.length > 0) throw new Error(`${load.failures.length} requests failed: ${String(load.failures[0])}`);
  const jobs = await settledJobs(project, load.acknowledged);
  if (jobs.lost.length > 0) throw new Error(`${jobs.lost.length} of ${load.acknowledged.size} jobs are lost`);
  return jobs;
}

function described({ acknowledged }: SteadyLoad, { outcomes, rate }: SettledJobs & { rate: number }): string {
  const list = [...outcomes].map(([outcome, count]) => `${count} ${outcome}`);
  return `${acknowledged.size} requests, ${Math.round(rate)} a second: ${list.join(', ')}`;
}
