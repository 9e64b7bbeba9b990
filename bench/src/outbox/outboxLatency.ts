import { setTimeout as pause } from 'node:timers/promises';
import { Pool } from 'pg';
import { type HandrunBench, numbersOf } from '../handrun/handrunBench.ts';
import { inScratchFolder } from '../inScratchFolder.ts';
import { percentileText } from '../measure/percentiles.ts';
import { connectJobstream } from '../systems/jobstream/connectJobstream.ts';
import { withOutbox } from './outboxServers.ts';

const ENQUEUE = `SELECT jobstream.enqueue('bench', jsonb_build_object('n', $1::int, 'dueAt', 0))`;
const SLICE_MS = 10;
const WARM_UP_SECONDS = 3;

export const outboxLatency: HandrunBench = {
  name: 'outbox-latency',
  summary: 'From the commit of a transaction that has enqueued to the start of the handler, at a steady rate.',
  parameters: '[jobs a second = 500] [seconds = 20]',
  async run(args) {
    const [perSecond, seconds] = numbersOf(args, 500, 20);
    await inScratchFolder((folder) =>
      withOutbox(folder, async ({ natsUrl, url, startRelay }) => {
        const committed = new Map<number, number>();
        const latencies: number[] = [];
        const worker = await connectJobstream({ address: natsUrl, role: 'worker', durability: 'fsync' });
        await worker.work(500, ({ n }) => {
          if (n >= perSecond * WARM_UP_SECONDS) latencies.push(performance.now() - (committed.get(n) ?? Number.NaN));
          return Promise.resolve();
        });
        await startRelay();
        await enqueueSteadily({ url, perSecond, jobs: perSecond * (seconds + WARM_UP_SECONDS), committed });
        while (latencies.length < perSecond * seconds) await pause(SLICE_MS);
        console.log(
          `${perSecond}/s for ${seconds} s: commit to handler ${percentileText(latencies.filter(Number.isFinite))}`,
        );
        await worker.close();
      }),
    );
  },
};

interface Steady {
  readonly url: string;
  readonly perSecond: number;
  readonly jobs: number;
  /** When each was committed, by its number. */
  readonly committed: Map<number, number>;
}

/** Each job in a transaction of its own, which is not waited for before the next begins. */
async function enqueueSteadily({ url, perSecond, jobs, committed }: Steady): Promise<void> {
  const pool = new Pool({ connectionString: url, max: 20 });
  const began = performance.now();
  const pending: Promise<unknown>[] = [];
  for (let next = 0; next < jobs; await pause(SLICE_MS)) {
    const due = Math.min(jobs, ((performance.now() - began) / 1_000) * perSecond);
    for (; next < due; next += 1) {
      const number = next;
      pending.push(pool.query(ENQUEUE, [number]).then(() => committed.set(number, performance.now())));
    }
  }
  await Promise.all(pending);
  await pool.end();
}
