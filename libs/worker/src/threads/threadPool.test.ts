import { getEventListeners } from 'node:events';
import { defineJob } from '@jobstream/client';
import { eventually, leftOpenBy, startNats } from '@jobstream/test-support';
import { afterAll, expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import type { Command } from '../../testing/computingHandler.ts';
import { TestLog } from '../../testing/testLog.ts';
import { createWorker, WorkerOptionsError } from '../index.ts';
import { AttemptAbortedError } from '../handler/handlerErrors.ts';
import type { JobContext } from '../index.ts';
import { lineLogger } from '../options/lineLogger.ts';
import { ThreadPool } from './threadPool.ts';

const nats = await startNats();
const log = await TestLog.open(nats.url);
afterAll(async () => {
  await log[Symbol.asyncDispose]();
  await nats[Symbol.asyncDispose]();
});

const module = new URL('../../testing/computingHandler.ts', import.meta.url);
let types = 0;

/** A worker with two threads for a job type of its own. */
async function startComputing(
  options: { threads?: number; shutdownGraceMs?: number; ackWaitMs?: number; slotWaitMs?: number } = {},
) {
  const { threads = 2, shutdownGraceMs = 0, ackWaitMs = 10_000, slotWaitMs = 30_000 } = options;
  const definition = defineJob(`compute-${++types}`, { payload: z.custom<Command>(), signals: { go: z.string() } });
  const lines: string[] = [];
  const logger = lineLogger({ level: 'debug', write: (line) => lines.push(line) });
  const worker = createWorker({ natsUrl: nats.url, ackWaitMs, shutdownGraceMs, slotWaitMs, logger });
  onTestFinished(() => worker.stop());
  worker.handle(definition, module, { threads, maxHeapMb: 32 });
  await worker.start();
  const create = async (command: Command, maxAttempts = 1) => {
    const { jobId } = await log.create(definition.type, { payload: command, maxAttempts });
    return jobId;
  };
  const ended = async (command: Command) => {
    const jobId = await create(command);
    await log.until(jobId, command === 'count' || command === 'answer' ? 'completed' : 'failed');
    return (await log.eventLog.readJob(jobId))?.job;
  };
  return { worker, lines, create, ended };
}

test('a handler computes for longer than the ack wait in a thread, and its job is not redelivered', async () => {
  const { ended, lines } = await startComputing({ ackWaitMs: 500 });
  const job = await ended('count');
  expect(job?.result).toMatchObject({ sum: 1, job: job?.id });
  expect(await log.story(job?.id ?? '')).toEqual(['JobCreated', 'JobStarted 1', 'JobProgressed 1', 'JobCompleted 1']);
  const counting = lines
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .find(({ msg }) => msg === 'counting');
  expect(counting).toMatchObject({ level: 'info', jobId: job?.id, attempt: 1, step: 1 });
});

test.each([
  ['fail', { name: 'TypeError', message: 'no such image', code: 'E_IMAGE' }],
  ['give up', { name: 'UnrecoverableError', message: 'broken image', code: 'E_BROKEN' }],
  ['sleep within a step', { code: 'STEP_MISUSED' }],
  ['wait within a step', { code: 'STEP_MISUSED' }],
  ['exit', { message: 'process.exit(3) was called in the thread of a handler' }],
  ['crash', { message: 'crashed' }],
  ['fill the heap', { code: 'ERR_WORKER_OUT_OF_MEMORY' }],
] as const)('a handler that is told to %s fails its attempt alone', async (command, error) => {
  const { ended } = await startComputing({ threads: 1 });
  expect((await ended(command))?.error).toMatchObject(error);
  expect((await ended('answer'))?.status).toBe('completed');
});

test('the steps of a handler run in its thread, and later attempts get their results', async () => {
  const { create } = await startComputing({ threads: 1 });
  const jobId = await create('step', 3);
  await log.until(jobId, 'completed');
  const { job, steps } = (await log.eventLog.readJob(jobId)) ?? {};
  expect(job).toMatchObject({ attempt: 2, result: { first: 1, runs: 1 } });
  expect(steps).toMatchObject([
    { name: 'count', attempt: 1, result: 1 },
    { name: 'fail', attempt: 2, error: { name: 'TypeError', message: 'no fail' } },
  ]);
});

test('a sleep of a handler in a thread ends its run when no step of it runs any more', async () => {
  const { create } = await startComputing({ threads: 1, slotWaitMs: 100 });
  const jobId = await create('sleep');
  await log.until(jobId, 'completed');
  const story = (await log.story(jobId)).filter((event) => !event.startsWith('JobStepsRecorded'));
  expect(story).toEqual(['JobCreated', 'JobStarted 1', 'JobSuspended 1', 'JobResumed 1', 'JobCompleted 1']);
  const history = await log.history(jobId);
  const suspended = history.findIndex(({ event }) => event === 'JobSuspended');
  const before = history
    .slice(0, suspended)
    .flatMap((event) => (event.event === 'JobStepsRecorded' ? event.data.steps : []));
  expect(before.map(({ name }) => name).toSorted()).toEqual(['last', 'nap', 'work', 'work', 'work']);
});

test('a handler in a thread waits for a signal without its thread, and then has its payload', async () => {
  const { create } = await startComputing({ threads: 1 });
  const jobId = await create('wait for a signal');
  await log.until(jobId, 'waiting');
  await log.act(jobId, { kind: 'SignalJob', name: 'go', payload: 'now' });
  await log.until(jobId, 'completed');
  expect((await log.eventLog.readJob(jobId))?.job).toMatchObject({ attempt: 1, result: ['now', null] });
});

test('the stack of an error points into the module of the handler', async () => {
  const { ended } = await startComputing();
  expect((await ended('fail'))?.error?.stack).toContain('computingHandler.ts');
});

test('an unrecoverable error is not retried, and a RetryAfterError is when it says', async () => {
  const { create } = await startComputing();
  const [hopeless, busy] = await Promise.all([create('give up', 3), create('come back', 3)]);
  await log.until(hopeless, 'failed');
  await log.until(busy, 'retrying');
  const { runAt = '', updatedAt = '' } = (await log.eventLog.readJob(busy))?.job ?? {};
  expect(Date.parse(runAt) - Date.parse(updatedAt)).toBeGreaterThanOrEqual(3_600_000);
});

test.each(['wait', 'spin'] as const)(
  'the run of a cancelled job ends and frees its thread when its handler is in a %s',
  async (command) => {
    const { create, ended, lines } = await startComputing({ threads: 1 });
    const jobId = await create(command);
    await eventually(() => expect(lines.some((line) => line.includes('"started"'))).toBe(true));
    await log.act(jobId, { kind: 'CancelJob' });
    await log.until(jobId, 'cancelled');
    expect((await ended('answer'))?.status).toBe('completed');
  },
);

test('stopping the worker releases a job whose thread computes without end', async () => {
  const { worker, create, lines } = await startComputing();
  const jobId = await create('spin');
  await eventually(() => expect(lines.some((line) => line.includes('"started"'))).toBe(true));
  await worker.stop();
  expect((await log.story(jobId)).at(-1)).toBe('JobReleased 1');
});

const handleWith = (threads: number) =>
  createWorker().handle(defineJob('compute', { payload: z.unknown() }), module, { threads });

test('a number of threads that is none or more than a thousand is rejected', () => {
  for (const threads of [0, 1.5, 1_001]) expect(() => handleWith(threads)).toThrow(WorkerOptionsError);
  expect(() => handleWith(1_000)).not.toThrow();
});

test('a run that has ended leaves no timer, which would end its thread later, and nothing that listens', async () => {
  const pool = new ThreadPool({ module: new URL('../../testing/heldHandler.ts', import.meta.url), threads: 1 });
  onTestFinished(() => pool.stop());
  const { signal } = new AbortController();
  const left = await leftOpenBy(async () => {
    const [state, attempt] = [new Int32Array(new SharedArrayBuffer(8)), new AbortController()];
    const aborted = pool.run(state.buffer, { signal: attempt.signal } as JobContext);
    await eventually(() => expect(Atomics.load(state, 0)).toBe(1));
    attempt.abort(new AttemptAbortedError('cancelled', 'the job was cancelled'));
    Atomics.store(state, 1, 1);
    Atomics.notify(state, 1);
    await expect(aborted).resolves.toBe('ended');
    await expect(pool.run(undefined, { signal } as JobContext)).resolves.toBe('ended');
    await pool.stop();
  });
  expect(left).toEqual([]);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('a run that ends in the moment in which its thread is terminated costs no other run its thread', async () => {
  const pool = new ThreadPool({ module: new URL('../../testing/heldHandler.ts', import.meta.url), threads: 1 });
  onTestFinished(() => pool.stop());
  for (let round = 0; round < 20; round += 1) {
    const state = new Int32Array(new SharedArrayBuffer(8));
    const attempt = new AbortController();
    const first = pool.run(state.buffer, { signal: attempt.signal } as JobContext);
    await eventually(() => expect(Atomics.load(state, 0)).toBe(1));
    endAndTerminate(state, attempt, round / 10);
    await expect(first).rejects.toThrow('aborted');
    await expect(pool.run(undefined, { signal: new AbortController().signal } as JobContext)).resolves.toBe('ended');
  }
});

/** Lets the handler end, and its time after the abort pass before the main thread hears of its end. */
function endAndTerminate(state: Int32Array, attempt: AbortController, afterMs: number): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  attempt.abort(new AttemptAbortedError('cancelled', 'the job was cancelled'));
  Atomics.store(state, 1, 1);
  Atomics.notify(state, 1);
  const end = performance.now() + afterMs;
  while (performance.now() < end);
  vi.advanceTimersByTime(500);
  vi.useRealTimers();
}
