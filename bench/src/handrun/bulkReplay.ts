import { loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { startSystem } from '@jobstream/test-support';
import { inScratchFolder } from '../inScratchFolder.ts';
import { type HandrunBench, numbersOf } from './handrunBench.ts';

const BATCH = 1_000;

interface Operation {
  readonly id: string;
  readonly status: string;
  readonly total: number;
  readonly done: number;
}

export const bulkReplay: HandrunBench = {
  name: 'bulk-replay',
  summary: 'How many jobs a second an operation replays with a patch, at a rate; 0 is as fast as the log accepts them.',
  parameters: '[jobs = 20000] [rate = 500]',
  run(args) {
    const [jobs, rate] = numbersOf(args, 20_000, 500);
    return inScratchFolder((folder) => measure(folder, jobs, rate));
  },
};

async function measure(dataDir: string, jobs: number, rate: number): Promise<void> {
  await using system = await startSystem(dataDir);
  const ask = async <Body>(path: string, body?: object): Promise<Body> => {
    const headers = { 'content-type': 'application/json' };
    const sent = body === undefined ? {} : { method: 'POST', headers, body: JSON.stringify(body) };
    return (await (await fetch(`${system.api}${path}`, sent)).json()) as Body;
  };
  const job = { type: 'later', payload: { to: 'user@example.com', from: 'old@example.com' }, delayMs: 86_400_000 };
  for (let made = 0; made < jobs; made += BATCH)
    await ask('/api/jobs/batch', { jobs: Array.from({ length: Math.min(BATCH, jobs - made) }, () => job) });
  const countIn = async (status: string) =>
    (await ask<{ total: number }>(`/api/jobs?type=later&status=${status}&count=true&limit=1`)).total;
  while ((await countIn('scheduled')) < jobs) await pause(500);
  await ask('/api/jobs/cancel', { type: 'later', limit: jobs });
  while ((await countIn('cancelled')) < jobs) await pause(500);
  const begun = performance.now();
  const asked = { filter: { type: 'later' }, patch: { from: 'new@example.com' }, ...(rate === 0 ? {} : { rate }) };
  let operation = await ask<Operation>('/api/jobs/replay', asked);
  const accepted = performance.now();
  while (operation.status === 'running') {
    await pause(100);
    operation = await ask<Operation>(`/api/operations/${operation.id}`);
  }
  const seconds = (performance.now() - accepted) / 1_000;
  const perSecond = Math.round(operation.done / seconds);
  const wanted = rate === 0 ? 'without a rate' : `at a rate of ${rate}/s`;
  console.log(`accepted ${operation.total} jobs in ${Math.round(accepted - begun)} ms`);
  console.log(`replayed ${operation.done} jobs ${wanted}: ${perSecond}/s; load average ${loadavg()[0]?.toFixed(1)}`);
}
