import { mkdir, mkdtempDisposable, symlink } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { defineJob, InvalidRequestError, PayloadError } from '@jobstream/client';
import { resolveNatsServer } from '@jobstream/servers';
import { eventually } from '@jobstream/test-support';
import type { HandlerRegistrar } from '@jobstream/worker';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { testJobstream, type TestJobstream } from '../index.ts';

const server = await resolveNatsServer();

beforeEach(() => {
  vi.stubEnv('NATS_URL', '');
  vi.stubEnv('NATS_SERVER', server);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const backoff = { type: 'fixed', delayMs: 500 } as const;
const flaky = defineJob('flaky', { payload: z.object({ failures: z.int() }), maxAttempts: 3, backoff });
const handlers = (worker: HandlerRegistrar) =>
  worker.handle(flaky, ({ failures }, { attempt }) => {
    if (attempt <= failures) throw new Error(`failure ${attempt}`);
    return { attempt };
  });

describe.each([
  ['in memory', false],
  ['on a real server', true],
])('a test %s', (_name, real) => {
  /** Lets a second pass. */
  async function passSecond(t: TestJobstream): Promise<void> {
    if (!real) return t.advance('1s');
    await eventually(async () => {
      await t.drain();
      for (const job of await t.jobs()) if (job.status === 'retrying') throw new Error('not yet');
    });
  }

  test('runs jobs when it drains, and retries them', async () => {
    await using t = await testJobstream({ handlers, real });
    const [good, bad] = [await t.enqueue(flaky, { failures: 0 }), await t.enqueue(flaky, { failures: 1 })];
    await t.expectJob(good).toBe('pending');
    await t.assertEnqueued(flaky, { payload: { failures: 1 } });
    await t.drain();
    await t.expectJob(good).toMatch({ status: 'completed', result: { attempt: 1 } });
    await t.expectJob(bad).toMatch({ status: 'retrying', error: { message: 'failure 1' } });
    await passSecond(t);
    expect(await bad.result()).toEqual({ attempt: 2 });
  });

  test('gives the job of a crashed worker to another one', async () => {
    await using t = await testJobstream({ handlers, real, ackWaitMs: 1_000 });
    const job = await t.enqueue(flaky, { failures: 0 });
    t.crashWorker('after JobStarted');
    await t.drain();
    await passSecond(t);
    await t.expectJob(job).toHaveEvents(['JobCreated', 'JobStarted 1', 'JobStarted 2', 'JobCompleted 2']);
    expect(await job.result()).toEqual({ attempt: 2 });
  });

  test('cancels and retries, and refuses what a client would refuse', async () => {
    await using t = await testJobstream({ handlers, real });
    const job = await t.enqueue(flaky, { failures: 0 }, { idempotencyKey: 'one' });
    expect((await t.enqueue(flaky, { failures: 0 }, { idempotencyKey: 'one' })).id).toBe(job.id);
    await expect(t.enqueue(flaky, { failures: 1 }, { idempotencyKey: 'one' })).rejects.toThrow('was another one');
    await expect(t.enqueue(flaky, { failures: 0.5 })).rejects.toThrow(PayloadError);
    await expect(t.enqueue(flaky, { failures: 0 }, { maxAttempts: 0 })).rejects.toThrow(/invalid job: .*maxAttempts/);
    await t.cancel(job, { reason: 'no need' });
    await t.drain();
    await t.expectJob(job).toBe('cancelled');
    await t.retry(job);
    await t.drain();
    await t.expectJob(job).toBe('completed');
    await expect(t.cancel(job)).rejects.toThrow('the job is completed: only a job that has not ended can be cancelled');
    await expect(t.job('00000000-0000-4000-8000-000000000000')).rejects.toThrow('there is no job');
  });

  test('runs a delayed job now, and a failed one again with another payload', async () => {
    await using t = await testJobstream({ handlers, real });
    const delayed = await t.enqueue(flaky, { failures: 0 }, { delayMs: 3_600_000 });
    const failing = await t.enqueue(flaky, { failures: 1 }, { maxAttempts: 1 });
    await t.drain();
    await t.expectJob(delayed).toBe('scheduled');
    await t.runNow(delayed, { reason: 'the customer waits' });
    await expect(t.runNow(failing)).rejects.toThrow(
      'the job is failed: only a job that waits for its time can be run now',
    );
    await expect(t.retry(failing, { payload: { failures: 'none' } })).rejects.toThrow(InvalidRequestError);
    await t.retry(failing, { payload: { failures: 0 }, reason: 'the fault is mended' });
    await t.drain();
    await t.expectJob(delayed).toHaveEvents(['JobCreated', 'JobDueNow', 'JobStarted 1', 'JobCompleted 1']);
    await t.expectJob(failing).toMatch({ status: 'completed', payload: { failures: 0 } });
    expect(await t.events(failing)).toContainEqual(
      expect.objectContaining({ event: 'JobRequeued', data: { reason: 'the fault is mended' } }),
    );
  });

  test('runs jobs of every priority, and one that was given another', async () => {
    await using t = await testJobstream({ handlers, real });
    const low = await t.enqueue(flaky, { failures: 0 }, { priority: 'low' });
    const raised = await t.enqueue(flaky, { failures: 0 });
    await t.changePriority(raised, 'high', { reason: 'the customer waits' });
    const delayed = await t.enqueue(flaky, { failures: 0 }, { delayMs: 3_600_000 });
    await t.changePriority(delayed, 'high');
    await t.drain();
    await t.expectJob(delayed).toMatch({ status: 'scheduled', priority: 'high' });
    await t.runNow(delayed);
    await t.drain();
    await t.expectJob(low).toHaveEvents(['JobCreatedWithPriority', 'JobStarted 1', 'JobCompleted 1']);
    await t.expectJob(raised).toHaveEvents(['JobCreated', 'JobPriorityChanged', 'JobStarted 1', 'JobCompleted 1']);
    expect(await delayed.result()).toEqual({ attempt: 1 });
  });

  test('creates a job like one that has ended', async () => {
    await using t = await testJobstream({ handlers, real });
    const first = await t.enqueue(flaky, { failures: 3 }, { maxAttempts: 1, tags: ['a'] });
    await expect(t.rerun(first)).rejects.toThrow('the job is pending: only a job that has ended can be rerun');
    await t.drain();
    await expect(t.rerun(first, { payload: {} })).rejects.toThrow(InvalidRequestError);
    const again = await t.rerun(first, { payload: { failures: 0 }, tags: ['b'], reason: 'the fault is mended' });
    await t.drain();
    expect(await again.result()).toEqual({ attempt: 1 });
    await t.expectJob(again).toMatch({ rerunOf: first.id, maxAttempts: 1, tags: ['b'], payload: { failures: 0 } });
    await t.expectJob(first).toMatch({ status: 'failed', tags: ['a'], payload: { failures: 3 } });
  });

  test('reads what its handlers have logged, without secrets', async () => {
    const logging = defineJob('logging', { payload: z.object({}), backoff, maxAttempts: 2 });
    await using t = await testJobstream({
      real,
      handlers: (worker) =>
        worker.handle(logging, (_payload, { log, attempt }) => {
          log.child({ order: 7 }).debug({ attempt, password: 'hunter2' }, 'begun');
          if (attempt === 1) throw new Error('not yet');
          log.warn('almost over');
        }),
    });
    const job = await t.enqueue(logging, {});
    await t.drain();
    const begun = { level: 'debug', message: 'begun', fields: { order: 7, attempt: 1, password: '[Redacted]' } };
    expect(await t.logs(job)).toMatchObject([begun]);
    await passSecond(t);
    expect(await t.logs(job, 2)).toMatchObject([{ message: 'begun' }, { level: 'warn', message: 'almost over' }]);
    expect(await t.logs(job)).toHaveLength(3);
    expect(await t.logs(await t.enqueue(logging, {}))).toEqual([]);
  });
});

test('the clock of a real server cannot be moved', async () => {
  await using t = await testJobstream({ handlers, real: true });
  await expect(t.advance('1d')).rejects.toThrow('a real server has a clock that no test can move');
  const scheduling = t.schedule(flaky, { failures: 0 }, { cron: '@daily' });
  await expect(scheduling).rejects.toThrow('schedule() needs the log in memory');
});

test('the program of the server is also that which `jobstream dev` has fetched', async () => {
  await using cache = await mkdtempDisposable(path.join(os.tmpdir(), 'jobstream-cache-'));
  await mkdir(path.join(cache.path, 'jobstream/bin'), { recursive: true });
  await symlink(server, path.join(cache.path, 'jobstream/bin/nats-server-2.15.1'));
  for (const [name, value] of Object.entries({ NATS_SERVER: '', PATH: '/nonexistent', XDG_CACHE_HOME: cache.path })) {
    vi.stubEnv(name, value);
  }
  await using t = await testJobstream({ handlers, real: true });
  const job = await t.enqueue(flaky, { failures: 0 });
  await t.drain();
  expect(await t.job(job)).toMatchObject({ status: 'completed' });
});

test('without a server a sentence says what is missing', async () => {
  vi.stubEnv('NATS_SERVER', '/nonexistent/nats-server');
  await expect(testJobstream({ handlers, real: true })).rejects.toThrow(
    'NATS_SERVER=/nonexistent/nats-server is not a nats-server that runs here.',
  );
  vi.stubEnv('NATS_SERVER', '');
  await using empty = await mkdtempDisposable(path.join(os.tmpdir(), 'jobstream-cache-'));
  vi.stubEnv('PATH', empty.path);
  vi.stubEnv('XDG_CACHE_HOME', empty.path);
  const note = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  await expect(testJobstream({ handlers, real: true })).rejects.toThrow(
    /^No nats-server 2\.14\.4 or newer was found: install nats-server 2\.15 or Go, or set NATS_SERVER /,
  );
  expect(note).toHaveBeenCalledWith(expect.stringMatching(/^fetching nats-server into .+ \(once, up to a minute\)\n$/));
});
