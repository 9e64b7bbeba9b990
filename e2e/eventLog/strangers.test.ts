import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, headers } from '@nats-io/transport-node';
import { defineJob } from '@jobstream/client';
import { eventually, startNats } from '@jobstream/test-support';
import { createWorker } from '@jobstream/worker';
import { TestLog } from '@jobstream/worker/testing/testLog';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';

const nats = await startNats();
const log = await TestLog.open(nats.url);
const stranger = await connect({ servers: nats.url });
const manager = await jetstreamManager(stranger, { timeout: 60_000 });
afterAll(async () => {
  await stranger.close();
  await log[Symbol.asyncDispose]();
  await nats[Symbol.asyncDispose]();
});

/** Writes on a subject of a job as a program that does not keep to the protocol. */
function write(subject: string, body: string, fields: Record<string, string> = {}) {
  const added = headers();
  for (const [name, value] of Object.entries(fields)) added.set(name, value);
  return jetstream(stranger, { timeout: 60_000 }).publish(subject, body, { headers: added });
}

let types = 0;

/** Workers whose handler runs until the test lets it end. */
async function startWaiting(workers = 1) {
  const waiting = defineJob(`wait-${++types}`, { payload: z.unknown() });
  const started = Promise.withResolvers<void>();
  const end = Promise.withResolvers<void>();
  let runs = 0;
  for (let count = 0; count < workers; count += 1) {
    const worker = createWorker({ natsUrl: nats.url, shutdownGraceMs: 0, concurrency: 1 });
    onTestFinished(() => worker.stop());
    worker.handle(waiting, (_payload, ctx) => {
      runs += 1;
      started.resolve();
      return end.promise.then(() => ctx.progress({ percent: 99 }));
    });
    await worker.start();
  }
  return { type: waiting.type, started: started.promise, end: () => end.resolve(), runs: () => runs };
}

/** Waits until all messages of a consumer are delivered, and so many of them have no acknowledgement yet. */
function untilUnsettled(consumer: string, unsettled: number) {
  return eventually(async () => {
    const { num_pending: pending, num_ack_pending: found } = await manager.consumers.info('JOBS', consumer);
    expect({ pending, unsettled: found }).toEqual({ pending: 0, unsettled });
  });
}

test.each([
  ['an empty message', 'progressed', ''],
  ['a message that is not JSON', 'completed', 'junk'],
  ['a message on no event', 'nothing', '{}'],
])('the result of a running job is kept behind %s of a stranger', async (_name, token, body) => {
  const { type, started, end, runs } = await startWaiting();
  const { jobId } = await log.create(type, { maxAttempts: 1 });
  await started;
  for (let count = 0; count < 5; count += 1) await write(`jobs.${type}.${jobId}.${token}`, body);
  end();
  await log.until(jobId, 'completed');
  expect(await log.story(jobId)).toEqual(['JobCreated', 'JobStarted 1', 'JobProgressed 1', 'JobCompleted 1']);
  expect(runs()).toBe(1);
});

const SEQUENCE = 'Nats-Expected-Last-Subject-Sequence';

test.each([
  ['as it is', {}],
  ['as the first of subjects that have nothing', { [SEQUENCE]: '0', [`${SEQUENCE}-Subject`]: 'jobs.nothing.>' }],
])('a running job does not run again when its JobCreated is stored once more, %s', async (_name, fields) => {
  const { type, started, end, runs } = await startWaiting(2);
  const created = await log.create(type);
  await started;
  for (let count = 0; count < 3; count += 1)
    await write(`jobs.${type}.${created.jobId}.created`, JSON.stringify(created), fields);
  await untilUnsettled(`worker-${type}`, 1); // that of the running job
  end();
  await log.until(created.jobId, 'completed');
  expect(runs()).toBe(1);
  expect((await log.story(created.jobId)).filter((line) => !line.startsWith('JobCreated'))).toEqual([
    'JobStarted 1',
    'JobProgressed 1',
    'JobCompleted 1',
  ]);
});

test('a running job does not run again when its JobRequeued is stored once more', async () => {
  const { type, started, end, runs } = await startWaiting(2);
  const { jobId } = await log.create(type, { runAt: new Date(Date.now() + 3_600_000).toISOString() });
  await untilUnsettled(`worker-${type}`, 0); // from now on only a JobRequeued can start it
  await log.act(jobId, { kind: 'CancelJob' });
  const requeued = await log.act(jobId, { kind: 'RequeueJob' });
  await started;
  for (let count = 0; count < 3; count += 1) await write(`jobs.${type}.${jobId}.requeued`, JSON.stringify(requeued));
  await untilUnsettled(`requeued-${type}`, 1); // that of the running job
  end();
  await log.until(jobId, 'completed');
  expect(runs()).toBe(1);
});
