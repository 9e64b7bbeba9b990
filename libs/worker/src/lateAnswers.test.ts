import { defineJob } from '@jobstream/client';
import { freePort, leftOpenBy, startNats, startWithheldAnswers } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { TestLog } from '../testing/testLog.ts';
import { createWorker } from './index.ts';
import type { JobHandler, Worker } from './index.ts';

const double = defineJob('double', { payload: z.object({ n: z.int() }), result: z.object({ twice: z.int() }) });

const logsRetention = { maxAgeMs: 60_000, maxBytes: 1_000_000 };

/** Its line is on its way when the job has ended. */
const doubled: JobHandler<typeof double> = ({ n }, { log }) => {
  log.info('doubling');
  return { twice: n * 2 };
};

/** Starts a worker, and returns how often its port has said meanwhile that it is ready. */
async function readyBeforeStarted(worker: Worker, port: number): Promise<number> {
  let times = 0;
  const state = { hasStarted: false };
  const starting = worker.start().then(() => (state.hasStarted = true));
  while (!state.hasStarted) {
    const answer = await fetch(`http://127.0.0.1:${port}/health/ready`).catch(() => undefined);
    if (answer?.status === 200 && !state.hasStarted) times++;
  }
  await starting;
  return times;
}

test('a worker has started when everybody may know it, is not ready before, and stopped when nothing is on its way', async () => {
  await using nats = await startNats();
  await using _log = await TestLog.open(nats.url);
  await using late = await startWithheldAnswers(nats.port);
  const healthPort = await freePort();
  let worker: Worker;
  const subjects = await late.withholdEach(
    async () => {
      worker = createWorker({ natsUrl: late.url, shutdownGraceMs: 0, healthPort });
      worker.handle(double, ({ n }) => ({ twice: n * 2 }));
      expect(await readyBeforeStarted(worker, healthPort)).toBe(0);
    },
    () => worker.stop(),
  );
  expect(subjects).toContainEqual(expect.stringMatching(/^types\.double\./));
});

test('a worker that has worked and is stopped has closed its connections and its server, and leaves no timer', async () => {
  await using nats = await startNats();
  await using log = await TestLog.open(nats.url, { logsRetention });
  const port = await freePort();
  const left = await leftOpenBy(async () => {
    const worker = createWorker({ natsUrl: nats.url, shutdownGraceMs: 0, healthPort: port });
    await worker.handle(double, doubled).start();
    const { jobId } = await log.create(double.type, { payload: { n: 21 } });
    await log.until(jobId, 'completed');
    await worker.stop();
  });
  expect(left).toEqual([]);
  await expect(fetch(`http://127.0.0.1:${port}/health/live`)).rejects.toThrow('fetch failed');
});

test('a worker that is stopped while it sends the lines of a run, or defines a schedule, has done so when it has stopped', async () => {
  await using nats = await startNats();
  await using log = await TestLog.open(nats.url, { logsRetention });
  await using late = await startWithheldAnswers(nats.port, /^(?:logs|schedules|\$JS\.API\.DIRECT)\./);
  let workers = 0;
  const startedWorker = async () => {
    const schedule = { cron: '0 6 * * *', timeZone: 'UTC', payload: {} };
    const report = defineJob(`report-${++workers}`, { payload: z.object({}), schedule });
    const worker = createWorker({ natsUrl: late.url, shutdownGraceMs: 0 });
    worker.handle(report, () => undefined);
    worker.handle(double, doubled);
    await worker.start();
    return worker;
  };
  const subjects = await late.withholdEach(
    async () => {
      const worker = await startedWorker();
      const { jobId } = await log.create(double.type, { payload: { n: 21 } });
      await log.until(jobId, 'completed');
      await worker.stop();
    },
    async () => (await startedWorker()).stop(),
  );
  expect(subjects.map((subject) => subject.split('.')[0])).toEqual(expect.arrayContaining(['logs', 'schedules']));
});
