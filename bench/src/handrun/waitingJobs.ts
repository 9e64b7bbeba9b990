import { defineJob } from '@jobstream/client';
import { EventLog } from '@jobstream/eventlog';
import { eventually, newJob, startNats } from '@jobstream/test-support';
import { createWorker } from '@jobstream/worker';
import { type HandrunBench, numbersOf } from './handrunBench.ts';

const CONCURRENCY = 10;
const CREATED_AT_ONCE = 500;
const PROMISED_MS = 1_000;

type Payload = { readonly sleeps: boolean };

/** Takes any value. */
const anything = {
  '~standard': { version: 1, vendor: 'bench', validate: (value: unknown) => ({ value }) },
} as const;

export const waitingJobs: HandrunBench = {
  name: 'waiting-jobs',
  summary:
    'Whether jobs that sleep for a day take no slot: a worker with ten slots gets many of them, and then one that does not sleep; fails if ' +
    'that takes more than a second.',
  parameters: '[jobs = 10000]',
  async run(args) {
    const [jobs] = numbersOf(args, 10_000);
    await using nats = await startNats();
    const log = new EventLog({ url: nats.url, name: 'bench' });
    await log.start();
    const worker = createWorker({ natsUrl: nats.url, concurrency: CONCURRENCY });
    const trial = defineJob('trial', { payload: anything });
    worker.handle(trial, async (payload, { sleep }) => {
      if ((payload as Payload).sleeps) await sleep('trial', '1d');
    });
    await worker.start();
    const from = performance.now();
    const ids: string[] = [];
    for (let count = 0; count < jobs; count += CREATED_AT_ONCE) {
      const some = Array.from({ length: Math.min(CREATED_AT_ONCE, jobs - count) }, () =>
        newJob({ sleeps: true }, 'trial'),
      );
      await Promise.all(some.map((event) => log.append(event, 0)));
      ids.push(...some.map(({ jobId }) => jobId));
    }
    for (const id of ids) await reaches(log, id, 'waiting');
    const ms = performance.now() - from;
    const before = performance.now();
    const next = newJob({ sleeps: false }, 'trial');
    await log.append(next, 0);
    await reaches(log, next.jobId, 'completed');
    const nextMs = performance.now() - before;
    const { timers } = await log.stats.backlog();
    const [perSecond, megabytes] = [(jobs / ms) * 1_000, process.memoryUsage().rss / 1e6];
    console.log(
      `${jobs} jobs wait after ${(ms / 1_000).toFixed(1)} s (${perSecond.toFixed(0)}/s) in ${CONCURRENCY} slots, ${timers} timers; another ` +
        `job is completed after ${nextMs.toFixed(0)} ms; ${megabytes.toFixed(0)} MB in this process`,
    );
    await worker.stop();
    await log.stop();
    return nextMs <= PROMISED_MS;
  },
};

async function reaches(log: EventLog, id: string, status: string): Promise<void> {
  const reached = async () => {
    if ((await log.readJob(id))?.job.status !== status) throw new Error(`job ${id} is not ${status}`);
  };
  await eventually(reached, { timeoutMs: 60_000 });
}
