import { defineJob } from '@jobstream/client';
import { freePort, leftOpenBy, startNats, startWithheldAnswers } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { TestLog } from '../testing/testLog.ts';
import { createWorker } from './index.ts';
import type { Worker } from './index.ts';

const double = defineJob('double', { payload: z.object({ n: z.int() }), result: z.object({ twice: z.int() }) });

test('a worker has started when everybody may know it, and stopped when nothing is on its way', async () => {
  await using nats = await startNats();
  await using _log = await TestLog.open(nats.url);
  await using late = await startWithheldAnswers(nats.port);
  let worker: Worker;
  const subjects = await late.withholdEach(
    () => {
      worker = createWorker({ natsUrl: late.url, shutdownGraceMs: 0, healthPort: 0 });
      return worker.handle(double, ({ n }) => ({ twice: n * 2 })).start();
    },
    () => worker.stop(),
  );
  expect(subjects).toContainEqual(expect.stringMatching(/^types\.double\./));
});

test('a worker that has worked and is stopped has closed its connections and its server, and leaves no timer', async () => {
  await using nats = await startNats();
  await using log = await TestLog.open(nats.url);
  const port = await freePort();
  const left = await leftOpenBy(async () => {
    const worker = createWorker({ natsUrl: nats.url, shutdownGraceMs: 0, healthPort: port });
    await worker.handle(double, ({ n }) => ({ twice: n * 2 })).start();
    const { jobId } = await log.create(double.type, { payload: { n: 21 } });
    await log.until(jobId, 'completed');
    await worker.stop();
  });
  expect(left).toEqual([]);
  await expect(fetch(`http://127.0.0.1:${port}/health/live`)).rejects.toThrow('fetch failed');
});
