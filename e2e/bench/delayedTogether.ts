/**
 * Jobs that are delayed to the same second: `node e2e/bench/delayedTogether.ts [jobs]`. Runs a whole system of its own
 * and prints how long after the second the jobs were started and completed. Fails if one was started before it or twice,
 * or if the last was started more than five seconds after it.
 */
import { rm } from 'node:fs/promises';
import { scratchDataFolder } from '@jobstream/testing';
import { EventLog } from '@jobstream/eventlog';
import { startSystem } from '../harness/startSystem.ts';
import { figures } from './figures.ts';

const BATCH = 1_000;
const PROMISED_MS = 5_000;
const jobs = Number(process.argv[2] ?? 10_000);

/** A whole second that leaves time to create the jobs and to park them. */
function dueAt(): number {
  return Math.ceil((Date.now() + 20_000 + jobs * 3) / 1_000) * 1_000;
}

async function create(api: string, due: number): Promise<void> {
  const job = { type: 'email', payload: { to: 'user@example.com' }, runAt: new Date(due).toISOString() };
  for (let left = jobs; left > 0; left -= BATCH) {
    const body = JSON.stringify({ jobs: Array.from({ length: Math.min(left, BATCH) }, () => job) });
    const headers = { 'content-type': 'application/json' };
    const { status } = await fetch(`${api}/api/jobs/batch`, { method: 'POST', headers, body });
    if (status !== 201) throw new Error(`a batch was answered ${status}`);
  }
}

/** When each job was started and completed, as the log recorded it, in milliseconds after they were due. */
async function untilCompleted(log: EventLog, due: number): Promise<{ started: number[]; completed: number[] }> {
  const after = { started: [] as number[], completed: [] as number[] };
  const feed = log.follow({ after: 0 });
  for await (const entries of feed) {
    for (const entry of entries) {
      if (entry.kind !== 'event') continue;
      const ms = Date.parse(entry.event.at) - due;
      if (entry.event.event === 'JobStarted') after.started.push(ms);
      if (entry.event.event === 'JobCompleted') after.completed.push(ms);
    }
    if (after.completed.length >= jobs) break;
  }
  await feed.stop();
  return after;
}

async function measure(): Promise<boolean> {
  const dataDir = await scratchDataFolder('bench');
  await using system = await startSystem(dataDir);
  const log = new EventLog({ url: system.nats, name: 'bench' });
  await log.start();
  const due = dueAt();
  const measured = untilCompleted(log, due);
  await create(system.api, due);
  console.log(`${jobs} jobs created ${due - Date.now()} ms before they are due`);
  const { started, completed } = await measured;
  await log.stop();
  await system.stop();
  await rm(dataDir, { recursive: true });
  const early = started.filter((ms) => ms < 0).length;
  console.log(`started after the second: first ${Math.min(...started)} ms, ${figures(started)}; before it: ${early}`);
  console.log(`completed after it: ${figures(completed)}; started: ${started.length}, completed: ${completed.length}`);
  return early === 0 && started.length === jobs && Math.max(...started) <= PROMISED_MS;
}

process.exitCode = (await measure()) ? 0 : 1;
