import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { JobstreamClient } from '@jobstream/client';
import { repositoryRoot } from '@jobstream/servers';
import { eventually } from '@jobstream/test-support';
import { checkServedPage } from '../harness/checkServedPage.ts';
import type { ComposeProject } from './composeProject.ts';
import { steadyLoad, type SteadyLoad } from './steadyLoad.ts';

const tenMinutes = 600_000;

/** Something to see in the running project; what it resolves to is a remark, what it throws is why it failed. */
export interface Scenario {
  readonly name: string;
  readonly run: (project: ComposeProject, perSecond: number) => Promise<string>;
}

interface JobsUnderLoad extends SettledJobs {
  readonly count: number;
  /** Requests a second. */
  readonly rate: number;
}

const SERVICES = ['worker-1', 'worker-2', 'projector-1', 'projector-2', 'api', 'nats', 'postgres'] as const;
/** Requests at most, however long the restarts take. */
const MOST = 60_000;

export const scenarios: readonly Scenario[] = [
  { name: 'docker compose up --wait', run: up },
  { name: 'the API serves the dashboard', run: dashboard },
  { name: 'npm run demo', run: demo },
  { name: 'deploy/nats/staging.yml has batches staged in memory', run: stageInMemory },
  { name: 'kill -9 of worker-1 under load loses nothing', run: killWorker },
  { name: 'a rolling restart of every container under load', run: rollingRestart },
  { name: 'down and up keep all jobs', run: downAndUp },
];

async function up(project: ComposeProject): Promise<string> {
  await project.compose('up', '--wait');
  return 'all are healthy';
}

async function dashboard({ api }: ComposeProject): Promise<string> {
  await checkServedPage(api);
  return 'the page and its script';
}

async function demo({ api, key }: ComposeProject): Promise<string> {
  const env = { ...process.env, API_URL: api, API_KEY: key };
  const script = path.join(repositoryRoot, 'tools', 'demo.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [script], { env });
  return /status +(.*)/.exec(stdout)?.[1] ?? '';
}

async function stageInMemory(project: ComposeProject): Promise<string> {
  project.overlay('deploy/nats/staging.yml');
  await up(project);
  const mounts = (await project.compose('exec', '-T', 'nats', 'cat', '/proc/mounts')).split('\n');
  const folder = '/data/jetstream/$G/streams/JOBS/batches';
  if (!mounts.some((line) => line.startsWith(`tmpfs ${folder} `))) throw new Error(mounts.join('\n'));
  return 'a tmpfs';
}

async function killWorker(project: ComposeProject, perSecond: number): Promise<string> {
  const jobs = await underLoad(project, perSecond, async (load) => {
    await project.compose('kill', '--signal', 'KILL', 'worker-1');
    await underWay(load, load.acknowledged.size + 1_000);
    await up(project);
  });
  return described(jobs);
}

async function rollingRestart(project: ComposeProject, perSecond: number): Promise<string> {
  const jobs = await underLoad(project, perSecond, async () => {
    for (const service of SERVICES) {
      await project.compose('restart', service);
      await up(project); // with --no-deps Compose makes another container, and the log of the old one is gone
    }
  });
  const burned = [...jobs.outcomes].find(([outcome]) => outcome !== 'completed at attempt 1');
  if (burned === undefined) return described(jobs);
  const [, [example = '']] = burned;
  throw new Error(`${described(jobs)}; one of them: ${await history(project, example)}`);
}

/** The events of a job, to say what became of it. */
async function history({ api, key }: ComposeProject, id: string): Promise<string> {
  const { jobs } = new JobstreamClient({ url: api, credentials: key });
  const lines: string[] = [];
  for await (const { event, at, data } of jobs.events(id)) lines.push(`${at} ${event} ${JSON.stringify(data)}`);
  return lines.join('; ');
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

/** Does something while jobs are created, and tells what became of them; rejects when a request failed or a job is lost. */
async function underLoad(
  project: ComposeProject,
  perSecond: number,
  work: (load: SteadyLoad) => Promise<void>,
): Promise<JobsUnderLoad> {
  const load = steadyLoad(project, { perSecond, atMost: MOST });
  let rate = 0;
  try {
    await underWay(load, 500);
    await work(load);
  } finally {
    rate = await load.stop();
  }
  const { acknowledged, failures } = load;
  if (failures.length > 0) throw new Error(`${failures.length} requests failed: ${String(failures[0])}`);
  const jobs = await settledJobs(project, acknowledged);
  if (jobs.lost.length > 0) throw new Error(`${jobs.lost.length} of ${acknowledged.size} jobs are lost`);
  return { ...jobs, count: acknowledged.size, rate };
}

function described({ count, rate, outcomes }: JobsUnderLoad): string {
  const list = [...outcomes].map(([outcome, ids]) => `${ids.length} ${outcome}`);
  return `${count} requests, ${Math.round(rate)} a second: ${list.join(', ')}`;
}

interface SettledJobs {
  /** Acknowledged jobs that the table does not have. */
  readonly lost: readonly string[];
  /** The ids of jobs by what became of them: `completed at attempt 1`. */
  readonly outcomes: ReadonlyMap<string, readonly string[]>;
}

/** Waits until all of these jobs have ended, or nothing has changed for a long time, and tells what became of them. */
async function settledJobs(project: ComposeProject, ids: ReadonlySet<string>): Promise<SettledJobs> {
  await eventually(
    async () => {
      const open = "SELECT count(*) FROM jobs WHERE status NOT IN ('completed', 'failed', 'cancelled')";
      const [[open_, all] = []] = (await project.query(`SELECT (${open}), count(*) FROM jobs`)).map((row) =>
        row.split('|'),
      );
      if (open_ !== '0' || Number(all) < ids.size) throw new Error(`${open_} of ${all} jobs are open`);
    },
    { timeoutMs: tenMinutes, intervalMs: 1_000 },
  );
  const rows = (await project.query('SELECT id, status, attempt FROM jobs')).map((row) => row.split('|'));
  const byId = new Map(rows.map(([id = '', status, attempt]) => [id, `${status} at attempt ${attempt}`]));
  const outcomes = Map.groupBy(ids, (id) => byId.get(id) ?? 'lost');
  return { lost: outcomes.get('lost') ?? [], outcomes };
}
