import { defineJob } from '@jobstream/client';
import { startNats } from '@jobstream/test-support';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import type { Awkward } from '../../testing/awkwardHandler.ts';
import { TestLog } from '../../testing/testLog.ts';
import { createWorker } from '../index.ts';

const nats = await startNats();
const log = await TestLog.open(nats.url);
const awkward = defineJob('awkward', {
  payload: z.custom<Awkward>(),
  signals: { go: z.string().transform((text) => ({ text, shout: () => text.toUpperCase() })) },
});
const worker = createWorker({ natsUrl: nats.url, shutdownGraceMs: 0 });

beforeAll(async () => {
  worker.handle(awkward, new URL('../../testing/awkwardHandler.ts', import.meta.url), { threads: 1 });
  await worker.start();
});
afterAll(async () => {
  await worker.stop();
  await log[Symbol.asyncDispose]();
  await nats[Symbol.asyncDispose]();
});

async function ended(payload: Awkward, status: 'completed' | 'failed', maxAttempts = 3) {
  const { jobId } = await log.create(awkward.type, { payload, maxAttempts, backoff: { type: 'fixed', delayMs: 10 } });
  if (payload.startsWith('a signal')) {
    await log.until(jobId, 'waiting');
    await log.act(jobId, { kind: 'SignalJob', name: 'go', payload: 'now' });
  }
  await log.until(jobId, status);
  const found = await log.eventLog.readJob(jobId);
  return { ...found?.job, steps: found?.steps?.map(({ name, result }) => ({ name, result })) };
}

test('of what cannot be passed between threads, a result has what JSON makes of it, after one attempt', async () => {
  expect(await ended('a step whose result has a function', 'completed')).toMatchObject({
    attempt: 1,
    steps: [{ name: 'charge', result: { runs: 1 } }],
  });
  expect(await ended('a result that has a function', 'completed')).toMatchObject({ attempt: 1, result: { runs: 2 } });
  const { steps } = await ended('a step whose result has a toJSON', 'completed');
  expect(steps).toEqual([{ name: 'price', result: { cents: 5 } }]);
});

test('a step without a function fails the job', async () => {
  const { error } = await ended('a step without a function', 'failed');
  expect(error).toMatchObject({ code: 'STEP_MISUSED' });
});

test('options that cannot be passed fail the attempt at once', async () => {
  const { error } = await ended('a step whose options have a function', 'failed', 1);
  expect(error?.message).toContain('could not be cloned');
});

test('a line that cannot be passed as it is does not fail the attempt', async () => {
  expect(await ended('a line whose fields have a function', 'completed', 1)).toMatchObject({ result: 'done' });
});

test('a step that fails and is not waited for does not fail the attempt', async () => {
  expect(await ended('a step that fails and is not waited for', 'completed', 1)).toMatchObject({ result: 'done' });
});

test('what the schema of a signal has made of it and cannot be passed fails the attempt, and not the worker', async () => {
  const { error } = await ended('a signal that its schema gives a function', 'failed', 1);
  expect(error?.message).toContain('could not be cloned');
  expect(await ended('a line whose fields have a function', 'completed', 1)).toMatchObject({ result: 'done' });
});
