import { EventLog } from '@jobstream/eventlog';
import { startSystem } from '@jobstream/test-support';
import { inScratchFolder } from '../inScratchFolder.ts';
import { percentileText } from '../measure/percentiles.ts';
import { type HandrunBench, numbersOf } from './handrunBench.ts';

const BATCH = 1_000;
const PROMISED_MS = 5_000;

export const delayedTogether: HandrunBench = {
  name: 'delayed-together',
  summary:
    'How soon jobs start that are delayed to the same second; fails if one starts early or twice, or the last after 5 s.',
  parameters: '[jobs = 10000]',
  run(args) {
    const [jobs] = numbersOf(args, 10_000);
    return inScratchFolder((folder) => measure(folder, jobs));
  },
};

async function measure(dataDir: string, jobs: number): Promise<boolean> {
  await using system = await startSystem(dataDir, { NATS_OPEN: 'true' });
  const log = new EventLog({ url: system.nats, name: 'bench' });
  await log.start();
  // A whole second that leaves time to create the jobs and to set their timers.
  const due = Math.ceil((Date.now() + 20_000 + jobs * 3) / 1_000) * 1_000;
  const measured = untilCompleted(log, jobs, due);
  await create(system.api, jobs, due);
  console.log(`${jobs} jobs created ${due - Date.now()} ms before they are due`);
  const { started, completed } = await measured;
  await log.stop();
  const early = started.filter((ms) => ms < 0).length;
  console.log(
    `started after the second: first ${Math.min(...started)} ms, ${percentileText(started)}; early: ${early}`,
  );
  console.log(
    `completed after it: ${percentileText(completed)}; ${started.length} starts, ${completed.length} completions`,
  );
  return early === 0 && started.length === jobs && Math.max(...started) <= PROMISED_MS;
}

async function create(api: string, jobs: number, due: number): Promise<void> {
  const job = { type: 'email', payload: { to: 'user@example.com' }, runAt: new Date(due).toISOString() };
  for (let left = jobs; left > 0; left -= BATCH) {
    const body = JSON.stringify({ jobs: Array.from({ length: Math.min(left, BATCH) }, () => job) });
    const headers = { 'content-type': 'application/json' };
    const { status } = await fetch(`${api}/api/jobs/batch`, { method: 'POST', headers, body });
    if (status !== 201) throw new Error(`a batch was answered ${status}`);
  }
}

/** When each job was started and completed according to the log, in milliseconds after they were due. */
async function untilCompleted(
  log: EventLog,
  jobs: number,
  due: number,
): Promise<{ started: number[]; completed: number[] }> {
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
