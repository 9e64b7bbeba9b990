import { fileURLToPath } from 'node:url';
import { defineJob, PayloadError } from '@jobstream/client';
import { TestProcess } from '@jobstream/test-support';
import type { HandlerRegistrar } from '@jobstream/worker';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { testJobstream } from './index.ts';

const greeting = defineJob('greeting', {
  payload: z.object({ name: z.string() }),
  result: z.object({ text: z.string() }),
});
const handlers = (worker: HandlerRegistrar) => worker.handle(greeting, ({ name }) => ({ text: `Hello, ${name}!` }));

test('a job that was enqueued runs with the next drain', async () => {
  await using t = await testJobstream({ handlers });
  const job = await t.enqueue(greeting, { name: 'Ada' });
  expect((await t.job(job)).status).toBe('pending');
  await t.drain();
  expect(await job.result()).toEqual({ text: 'Hello, Ada!' });
  expect((await t.events(job)).map(({ event }) => event)).toEqual(['JobCreated', 'JobStarted', 'JobCompleted']);
});

test('a job that fails is retried when the clock has moved on', async () => {
  const flaky = defineJob('flaky', {
    payload: z.object({}),
    maxAttempts: 4,
    backoff: { type: 'fixed', delayMs: 21_600_000 },
  });
  await using t = await testJobstream({
    startAt: '2026-01-01T00:00:00Z',
    handlers: (worker) =>
      worker.handle(flaky, (_payload, { attempt }) => {
        if (attempt < 4) throw new Error('not yet');
        return attempt;
      }),
  });
  const job = await t.enqueue(flaky, {});
  await t.drain();
  expect(await t.job(job)).toMatchObject({ status: 'retrying', runAt: '2026-01-01T06:00:00.000Z' });
  await t.advance('1d');
  expect(await t.job(job)).toMatchObject({ status: 'completed', result: 4, finishedAt: '2026-01-01T18:00:00.000Z' });
});

test('the job of a worker that has crashed is done by another one', async () => {
  await using t = await testJobstream({ handlers });
  const job = await t.enqueue(greeting, { name: 'Ada' });
  t.crashWorker('before JobCompleted');
  await t.drain();
  expect((await t.job(job)).status).toBe('processing');
  await t.advance('10s');
  expect(await t.job(job)).toMatchObject({ status: 'completed', attempt: 2, worker: 'test-worker-2' });
});

test('an attempt that waits for ever is timed out by the clock', async () => {
  const slow = defineJob('slow', { payload: z.object({}), maxAttempts: 1, timeoutMs: 60_000 });
  await using t = await testJobstream({
    patienceMs: 20,
    handlers: (worker) => worker.handle(slow, () => new Promise(() => undefined)),
  });
  const job = await t.enqueue(slow, {});
  await expect(t.drain()).rejects.toThrow(/handlers are still running after 20 ms: slow [0-9a-f-]+\. If they wait/);
  await t.advance('2m');
  expect(await t.job(job)).toMatchObject({ status: 'failed', error: { code: 'ATTEMPT_TIMEOUT' } });
});

test('a schedule creates a job at each of its times that the clock is moved past', async () => {
  await using t = await testJobstream({ handlers, startAt: '2026-03-27T12:00:00Z' });
  const times = { cron: '30 2 * * *', timeZone: 'Europe/Berlin', tags: ['night'] };
  await t.schedule(greeting, { name: 'Ada' }, times);
  await t.drain();
  expect(await t.jobs()).toEqual([]);
  await t.advance('3d');
  // On the 29th the clocks of Berlin leave out half past two.
  expect((await t.jobs(greeting)).map(({ finishedAt }) => finishedAt)).toEqual([
    '2026-03-28T01:30:00.000Z',
    '2026-03-30T00:30:00.000Z',
  ]);
  const [job] = await t.jobs();
  expect(job).toMatchObject({ status: 'completed', tags: ['night', 'schedule:greeting'] });
  expect(await t.events(job?.id ?? '')).toMatchObject([{ actor: { kind: 'scheduler', id: 'greeting' } }, {}, {}]);
});

test('a schedule that makes no sense is refused when it is made', async () => {
  await using t = await testJobstream({ handlers });
  const schedule = (name: string, cron: string, timeZone = 'UTC') => t.schedule(greeting, { name }, { cron, timeZone });
  await expect(schedule('Ada', 'daily')).rejects.toThrow(/^the cron expression daily: expected 5 or 6 fields/);
  await expect(schedule('Ada', '0 0 30 2 *')).rejects.toThrow('the cron expression 0 0 30 2 * never ticks');
  await expect(schedule('Ada', '@daily', 'Berlin')).rejects.toThrow('such as Europe/Berlin, got: Berlin');
  await expect(schedule(7 as unknown as string, '@daily')).rejects.toThrow(PayloadError);
  await t.advance('1w');
  expect(await t.jobs()).toEqual([]);
});

test('a failed assertion says what differs and what has happened to the job', async () => {
  await using t = await testJobstream({ handlers, startAt: '2026-01-01T00:00:00Z' });
  const job = await t.enqueue(greeting, { name: 'Ada' }, { delayMs: 60_000 });
  await t.drain();
  const failure = await t
    .expectJob(job)
    .toBe('completed')
    .catch((error: unknown) => error);
  expect(failure).toMatchObject({ name: 'AssertionError', actual: 'scheduled', expected: 'completed' });
  expect((failure as Error).message).toBe(
    `expected job ${job.id} of type greeting to be completed, but it is scheduled

What has happened to it:
  2026-01-01T00:00:00.000Z  JobCreated, due at 2026-01-01T00:01:00.000Z`,
  );
});

test('a program that does not stop it ends all the same', async () => {
  const script = fileURLToPath(new URL('../testing/neverStopped.ts', import.meta.url));
  await using program = TestProcess.node(script, { env: {}, ipc: false });
  expect(await program.ended).toBe(0);
  expect(program.output).toBe('completed\n');
}, 10_000);

test('a handler that catches the errors of its steps and sleeps in a loop does not stop the event loop', async () => {
  const script = fileURLToPath(new URL('../testing/catchingHandler.ts', import.meta.url));
  await using program = TestProcess.node(script, { env: {}, ipc: false });
  expect(await program.ended).toBe(7);
}, 10_000);
