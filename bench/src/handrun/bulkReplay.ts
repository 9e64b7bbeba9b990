import { loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { type RunningSystem, startSystem } from '@jobstream/test-support';
import { Client } from 'pg';
import { inScratchFolder } from '../inScratchFolder.ts';
import { type HandrunBench, numbersOf } from './handrunBench.ts';

const BATCH = 1_000;
/** The most that an operation may have. */
const MAX_JOBS = 100_000;

interface Operation {
  readonly id: string;
  readonly status: string;
  readonly total: number;
  readonly done: number;
}

export const bulkReplay: HandrunBench = {
  name: 'bulk-replay',
  summary:
    'How many jobs a second an operation replays with a patch, at a rate; 0 is as fast as the log accepts them. It is paused at a ' +
    'quarter, and its API killed at a half; then another is cancelled, and the new jobs are counted.',
  parameters: '[jobs = 20000] [rate = 500]',
  run(args) {
    const [jobs, rate] = numbersOf(args, 20_000, 500);
    if (jobs > MAX_JOBS) throw new Error(`an operation has ${MAX_JOBS} jobs at most, got: ${jobs}`);
    return inScratchFolder((folder) => measure(folder, jobs, rate));
  },
};

async function measure(dataDir: string, jobs: number, rate: number): Promise<boolean> {
  await using system = await startSystem(dataDir);
  await prepare(system, jobs);
  const asked = { filter: { type: 'later', status: ['cancelled'] }, patch: { from: 'new@example.com' } };
  const body = { ...asked, ...(rate === 0 ? {} : { rate }) };
  const begun = performance.now();
  const replay = await ask<Operation>(system, '/api/jobs/replay', body);
  console.log(`accepted ${replay.total} jobs in ${Math.round(performance.now() - begun)} ms`);
  await carryOut(system, replay);
  const isExact = await check(system, { jobs, sources: jobs });

  const other = await ask<Operation>(system, '/api/jobs/replay', body);
  await until(system, other, ({ done }) => done >= jobs / 10);
  await ask(system, `/api/operations/${other.id}/cancel`, {});
  await pause(1_000); // a batch may be on its way
  const { status, done } = await read(system, other);
  console.log(`another, ${status} at ${done} jobs`);
  return (await check(system, { jobs: jobs + done, sources: jobs })) && isExact;
}

/** Jobs that have ended, in the table. */
async function prepare(system: RunningSystem, jobs: number): Promise<void> {
  const job = { type: 'later', payload: { to: 'user@example.com', from: 'old@example.com' }, delayMs: 86_400_000 };
  for (let made = 0; made < jobs; made += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, jobs - made) }, () => job);
    await ask(system, '/api/jobs/batch', { jobs: batch });
  }
  const countIn = async (status: string) =>
    (await ask<{ total: number }>(system, `/api/jobs?type=later&status=${status}&count=true&limit=1`)).total;
  while ((await countIn('scheduled')) < jobs) await pause(500);
  const cancelling = { kind: 'cancel', filter: { type: 'later' } };
  const cancellation = await ask<Operation>(system, '/api/operations', cancelling);
  await until(system, cancellation, ({ status }) => status === 'completed');
  while ((await countIn('cancelled')) < jobs) await pause(500);
}

async function carryOut(system: RunningSystem, operation: Operation): Promise<void> {
  const { total } = operation;
  await reportRate('to the first quarter', system, operation, total / 4);
  await ask(system, `/api/operations/${operation.id}/pause`, {});
  await pause(1_000);
  const paused = await read(system, operation);
  await pause(2_000);
  console.log(`paused at ${paused.done} jobs; ${(await read(system, operation)).done - paused.done} more after 2 s`);
  await ask(system, `/api/operations/${operation.id}/resume`, {});
  await reportRate('to the half', system, operation, total / 2);
  const [api] = await system.pidsOf('apps/api');
  if (api === undefined) throw new Error('the process of the API was not found');
  process.kill(api, 'SIGKILL');
  const killed = performance.now();
  const { done } = await until(system, operation, (now) => now.done > total / 2 + BATCH);
  console.log(`kill -9 of its API; at ${done} jobs ${Math.round((performance.now() - killed) / 1_000)} s later`);
  await reportRate('to the end', system, operation, total);
}

async function reportRate(part: string, system: RunningSystem, operation: Operation, end: number): Promise<void> {
  // What was accepted, resumed or left a moment ago is begun within a second or two.
  const { done: first } = await read(system, operation);
  const begun = await until(system, operation, ({ done }) => done > first);
  const since = performance.now();
  const { done } = await until(system, operation, (now) => now.done >= end);
  const perSecond = Math.round((done - begun.done) / ((performance.now() - since) / 1_000));
  console.log(`${part}: ${perSecond}/s; load average ${loadavg()[0]?.toFixed(1)}`);
}

/** Whether there are so many new jobs, and of how many others. */
async function check(system: RunningSystem, expected: { readonly jobs: number; readonly sources: number }) {
  const client = new Client({ connectionString: system.postgres });
  await client.connect();
  const created = `SELECT count(*)::int AS jobs, count(DISTINCT rerun_of)::int AS sources FROM jobs WHERE rerun_of IS NOT NULL`;
  let counts = { jobs: 0, sources: 0 };
  for (let tries = 0; tries < 60 && counts.jobs < expected.jobs; tries += 1) {
    await pause(1_000); // the table may be behind
    counts = (await client.query<typeof counts>(created)).rows[0] ?? counts;
  }
  await client.end();
  console.log(`${counts.jobs} new jobs of ${counts.sources} others; expected ${expected.jobs} of ${expected.sources}`);
  return counts.jobs === expected.jobs && counts.sources === expected.sources;
}

async function until(
  system: RunningSystem,
  operation: Operation,
  isReached: (now: Operation) => boolean,
): Promise<Operation> {
  for (;;) {
    const now = await read(system, operation).catch(() => undefined); // its process was killed
    if (now !== undefined && isReached(now)) return now;
    await pause(50);
  }
}

function read(system: RunningSystem, { id }: Operation): Promise<Operation> {
  return ask<Operation>(system, `/api/operations/${id}`);
}

async function ask<Body>({ api }: RunningSystem, path: string, body?: object): Promise<Body> {
  const headers = { 'content-type': 'application/json' };
  const sent = body === undefined ? {} : { method: 'POST', headers, body: JSON.stringify(body) };
  const response = await fetch(`${api}${path}`, sent);
  if (!response.ok) throw new Error(`${path} was answered with ${response.status}: ${await response.text()}`);
  return (await response.json()) as Body;
}
