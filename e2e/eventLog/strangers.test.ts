import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { defineJob } from '@jobstream/client';
import { startNats } from '@jobstream/testing';
import { createWorker } from '@jobstream/worker';
import { TestLog } from '@jobstream/worker/testing/testLog';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';

const nats = await startNats();
const log = await TestLog.open(nats.url);
const stranger = await connect({ servers: nats.url });
afterAll(async () => {
  await stranger.close();
  await log[Symbol.asyncDispose]();
  await nats[Symbol.asyncDispose]();
});

/** Writes on a subject of a job as a program that does not keep to the protocol. */
const write = (subject: string, body: string) => jetstream(stranger).publish(subject, body);

let types = 0;

/** A worker whose handler runs until the test lets it end. */
async function startWaiting() {
  const waiting = defineJob(`wait-${++types}`, { payload: z.unknown() });
  const started = Promise.withResolvers<void>();
  const end = Promise.withResolvers<void>();
  let runs = 0;
  const worker = createWorker({ natsUrl: nats.url, shutdownGraceMs: 0 });
  onTestFinished(() => worker.stop());
  worker.handle(waiting, (_payload, ctx) => {
    runs += 1;
    started.resolve();
    return end.promise.then(() => ctx.progress({ percent: 99 }));
  });
  await worker.start();
  return { type: waiting.type, started: started.promise, end: () => end.resolve(), runs: () => runs };
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
