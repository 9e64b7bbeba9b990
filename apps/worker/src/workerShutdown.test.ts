import { setTimeout as pause } from 'node:timers/promises';
import type { JobEvent } from '@jobstream/domain';
import { eventually, startNats } from '@jobstream/testing';
import type { TestNats } from '@jobstream/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { holdWork } from '../testing/startReceiver.ts';
import { mainScript, spawnWorker } from '../testing/spawnWorker.ts';
import type { WorkerProcess } from '../testing/spawnWorker.ts';
import { TestLog } from '../testing/testLog.ts';

let nats: TestNats;
let log: TestLog;
let processes: WorkerProcess[];

beforeEach(async () => {
  nats = await startNats();
  log = await TestLog.open(nats.url);
  processes = [];
});

afterEach(async () => {
  await Promise.all(processes.map((worker) => worker[Symbol.asyncDispose]()));
  await log[Symbol.asyncDispose]();
  await nats[Symbol.asyncDispose]();
});

async function startWorker(env: Record<string, string> = {}): Promise<WorkerProcess> {
  const defaults = { NATS_URL: nats.url, LOG_LEVEL: 'info', WORKER_TYPES: 'sleep', WORKER_CONCURRENCY: '200' };
  const worker = spawnWorker(mainScript, { ...defaults, ...env });
  processes.push(worker);
  await worker.logged('ready');
  return worker;
}

function create(count: number, jobType: string, payload: object): Promise<JobEvent[]> {
  return Promise.all(Array.from({ length: count }, () => log.create(jobType, { payload })));
}

async function untilAll(jobs: readonly JobEvent[], status: string): Promise<void> {
  const hasIt = ({ jobId }: JobEvent) =>
    eventually(async () => expect((await log.eventLog.readJob(jobId))?.job.status).toBe(status), { timeoutMs: 60_000 });
  await Promise.all(jobs.map(hasIt));
}

/** How often each event is in a history, and the attempts that its events speak of. */
async function summaryOf({ jobId }: JobEvent): Promise<{ counts: Record<string, number>; attempts: Set<number> }> {
  const counts: Record<string, number> = {};
  const attempts = new Set<number>();
  for (const { event, data } of await log.history(jobId)) {
    counts[event] = (counts[event] ?? 0) + 1;
    if ('attempt' in data) attempts.add(data.attempt);
  }
  return { counts, attempts };
}

test('SIGTERM during 200 running jobs releases them all, and all complete elsewhere as their first attempt', async () => {
  await using work = await holdWork();
  const env = { WORKER_TYPES: 'webhook', WEBHOOK_ALLOW_PRIVATE: 'true', ACK_WAIT_MS: '600000' };
  const first = await startWorker({ ...env, SHUTDOWN_GRACE_MS: '1000' });
  const jobs = await create(200, 'webhook', work.payload);
  await untilAll(jobs, 'processing');
  first.kill('SIGTERM');
  expect(await first.ended).toBe(0);
  work.letGo(1);
  await startWorker(env);
  await untilAll(jobs, 'completed');
  for (const job of jobs) {
    const { counts, attempts } = await summaryOf(job);
    expect(counts).toMatchObject({ JobStarted: 2, JobReleased: 1, JobCompleted: 1 });
    expect(attempts).toEqual(new Set([1]));
  }
}, 120_000);

test('a rolling restart under load fails no job, and what finishes within the grace time runs once', async () => {
  const env = { SHUTDOWN_GRACE_MS: '20000', WORKER_CONCURRENCY: '10', ACK_WAIT_MS: '600000' };
  let workers = [await startWorker(env), await startWorker(env)];
  const load = startLoad();
  for (let replaced = 0; replaced < 4; replaced += 1) {
    const [oldest, other] = workers;
    if (oldest === undefined || other === undefined) throw new Error('two workers run');
    await load.grownBy(100);
    const successor = await startWorker(env);
    oldest.kill('SIGTERM');
    expect(await oldest.ended).toBe(0);
    workers = [other, successor];
  }
  const jobs = await load.stop();
  await untilAll(jobs, 'completed');
  for (const job of jobs) {
    const { counts } = await summaryOf(job);
    expect(counts).toMatchObject({ JobCreated: 1, JobStarted: 1, JobCompleted: 1 });
    expect(counts).not.toHaveProperty('JobReleased');
  }
}, 180_000);

test.each(['SIGKILL', 'SIGSTOP'] as const)(
  'a worker whose server is gone (%s) ends without waiting for it, and its jobs run elsewhere',
  async (signal) => {
    const env = { SHUTDOWN_GRACE_MS: '500', ACK_WAIT_MS: '1000' };
    const worker = await startWorker(env);
    const jobs = await create(20, 'sleep', { durationMs: 3_600_000 });
    await untilAll(jobs, 'processing');
    await nats.kill(signal);
    worker.kill('SIGTERM');
    expect(await worker.ended).toBe(0); // the server is still gone
    if (signal === 'SIGSTOP') await nats.resume();
    else await nats.restart();
    const successor = await startWorker(env);
    const { worker: name } = successor.lines.find(({ msg }) => msg === 'accepting jobs') ?? {};
    for (const { jobId } of jobs) {
      await eventually(async () => expect((await log.eventLog.readJob(jobId))?.job.worker).toBe(name), {
        timeoutMs: 60_000,
      });
    }
  },
  120_000,
);

/** Creates short jobs steadily, until it is stopped. */
function startLoad() {
  const jobs: JobEvent[] = [];
  const stopped = new AbortController();
  const feed = async () => {
    while (!stopped.signal.aborted) {
      jobs.push(await log.create('sleep', { payload: { durationMs: 100 } }));
      await pause(10);
    }
  };
  const feeding = Promise.all([feed(), feed()]);
  return {
    grownBy: (count: number) => {
      const target = jobs.length + count;
      return eventually(() => expect(jobs.length).toBeGreaterThanOrEqual(target), { timeoutMs: 60_000 });
    },
    stop: async () => {
      stopped.abort();
      await feeding;
      return jobs;
    },
  };
}
