/**
 * A rebuild at scale, on a running system under load: `node e2e/readModel/rebuildAtScaleMain.ts [jobs]`, default a million. Not part of
 * the tests: it takes some minutes, and on Linux some GB of disk. The figures are in docs/read-model.md.
 */
import { rm } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { EventLog, newId } from '@jobstream/eventlog';
import { lifeOfJob, type RunningSystem, scratchDataFolder, startSystem } from '@jobstream/test-support';
import { Client } from 'pg';
import { type ApiLoad, startApiLoad } from './apiLoad.ts';
import { runTask } from './runTask.ts';

/** Lives that are appended at once: their events go out in large batches. */
const AT_ONCE = 6_000;

/** No worker takes this type. */
const JOB_TYPE = 'imported';

const KILLS = 5;
/** Each run goes on where the one before was killed: together they come to about the end. */
const SHARE_OF_A_RUN = 0.4;

interface Run {
  readonly jobs: number;
  readonly dataDir: string;
  readonly system: RunningSystem;
  readonly faults: string[];
}

async function main(jobs: number): Promise<number> {
  const dataDir = await scratchDataFolder('rebuild');
  try {
    await using system = await startSystem(dataDir, { LOG_LEVEL: 'warn', NATS_OPEN: 'true' });
    const run = { jobs, dataDir, system, faults: [] };
    await fill(run);
    const load = startApiLoad(system.api);
    await pause(2_000);
    const started = performance.now();
    await rebuild(run, load);
    await killRebuilds(run, performance.now() - started);
    await verify(run);
    await load.stop();
    return conclude(run, load);
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function fill({ jobs, system }: Run): Promise<void> {
  say(`filling the log with ${jobs.toLocaleString('en')} jobs`);
  await fillLog(system.nats, jobs, (done) => say(`${done.toLocaleString('en')} jobs are in the log`));
  const count = `SELECT sum(count) AS answer FROM job_counts WHERE type = 'imported' AND status = 'completed'`;
  while (Number(await ask(system, count)) < jobs) await pause(500);
  say('all of them are in the table');
}

async function rebuild(run: Run, load: ApiLoad): Promise<void> {
  await task(run, 0, 'rebuild');
  say(`${load.requests} requests so far, the slowest ${Math.round(load.slowestMs)} ms`);
}

async function killRebuilds(run: Run, usualMs: number): Promise<void> {
  for (let kill = 1; kill <= KILLS; kill++) {
    const killAfterMs = 2_000 + Math.random() * SHARE_OF_A_RUN * usualMs;
    const { output } = await runTask('rebuild', [], { dataDir: run.dataDir, killAfterMs });
    say(`killed with -9 after ${Math.round(killAfterMs)} ms, at: ${output.trimEnd().split('\n').at(-1) ?? ''}`);
  }
  await task(run, 0, 'rebuild');
  await task(run, 0, 'rebuild', '--rollback');
}

async function verify(run: Run): Promise<void> {
  const one = `SELECT id FROM jobs WHERE type = 'imported' ORDER BY id OFFSET ${Math.floor(run.jobs / 2)} LIMIT 1`;
  const id = await ask(run.system, `UPDATE jobs SET status = 'failed' WHERE id = (${one}) RETURNING id AS answer`);
  say(`job ${id} is changed by hand`);
  const output = await task(run, 1, 'verify');
  if (!output.includes(`job ${id}: status is failed`)) run.faults.push('the changed row was not found');
  await task(run, 0, 'verify', '--repair');
  await task(run, 0, 'verify');
}

async function task(run: Run, wanted: number, name: 'rebuild' | 'verify', ...args: string[]): Promise<string> {
  const { code, seconds, output } = await runTask(name, args, { dataDir: run.dataDir });
  const what = [name, ...args].join(' ');
  say(`${what}: exit code ${code}, ${seconds.toFixed(1)} s`);
  console.log(output.replaceAll(/^/gm, '    ').trimEnd());
  if (code !== wanted) run.faults.push(`${what} should have ended with ${wanted}, not ${code}`);
  return output;
}

function conclude({ faults }: Run, load: ApiLoad): number {
  say(`${load.requests} requests, the slowest ${Math.round(load.slowestMs)} ms, ${load.faults.length} faults`);
  const all = [...faults, ...load.faults];
  for (const fault of all.slice(0, 20)) say(`FAULT ${fault}`);
  return all.length === 0 ? 0 : 1;
}

async function ask({ postgres }: RunningSystem, text: string): Promise<string> {
  const client = new Client({ connectionString: postgres });
  await client.connect();
  try {
    const { rows } = await client.query<{ answer: string | number }>(text);
    return String(rows[0]?.answer ?? '');
  } finally {
    await client.end();
  }
}

function say(line: string): void {
  console.log(`${new Date().toISOString().slice(11, 19)} ${line}`);
}

/** Appends the whole lives of that many jobs, three events each. */
async function fillLog(url: string, jobs: number, onProgress: (done: number) => void): Promise<void> {
  const eventLog = new EventLog({ url, name: 'import' });
  await eventLog.start();
  let [begun, done] = [0, 0];
  const write = async () => {
    while (begun < jobs) {
      begun += 1;
      let sequence = 0;
      for (const event of lifeOfJob(newId(), JOB_TYPE)) sequence = await eventLog.append(event, sequence);
      done += 1;
      if (done % 100_000 === 0) onProgress(done);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, write));
  await eventLog.stop();
}

process.exit(await main(Number(process.argv[2] ?? 1_000_000)));
