import { once } from 'node:events';
import { Metrics } from '@jobstream/runtime';
import { eventually, startNats } from '@jobstream/testing';
import type { TestNats } from '@jobstream/testing';
import { Schema } from 'effect';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { attemptMetrics } from './attemptMetrics.ts';
import { defineHandler } from './handler/defineHandler.ts';
import type { JobContext } from './handler/defineHandler.ts';
import { UnrecoverableError } from './handler/handlerErrors.ts';
import { startTestWorker } from '../testing/startTestWorker.ts';
import type { TestWorker, TestWorkerOptions } from '../testing/startTestWorker.ts';
import { TestLog } from '../testing/testLog.ts';

let nats: TestNats;
let log: TestLog;
let metrics: Metrics;
let type: string;
let types = 0;

beforeAll(async () => {
  nats = await startNats();
  log = await TestLog.open(nats.url);
});

afterAll(async () => {
  await log[Symbol.asyncDispose]();
  await nats[Symbol.asyncDispose]();
});

beforeEach(() => {
  metrics = new Metrics();
  type = `type-${++types}`;
});

function startWorker(run: (ctx: JobContext) => unknown, options: Partial<TestWorkerOptions> = {}): Promise<TestWorker> {
  const handler = defineHandler({ type, payload: Schema.Unknown, run: (_payload, ctx) => run(ctx) });
  return startTestWorker([handler], { natsUrl: nats.url, observer: attemptMetrics(metrics), ...options });
}

/** The values of all series whose names begin like this, by what follows the type. */
async function attempts(): Promise<Record<string, number>> {
  const lines = (await metrics.text()).split('\n').filter((line) => line.startsWith('jobstream_attempts_total{'));
  return Object.fromEntries(lines.map((line) => [/outcome="([^"]*)"/.exec(line)?.[1], Number(line.split(' ')[1])]));
}

const untilAttempts = (expected: Record<string, number>) =>
  eventually(async () => expect(await attempts()).toEqual(expected), { timeoutMs: 40_000 });

async function value(name: string): Promise<number> {
  const line = (await metrics.text()).split('\n').find((one) => one.startsWith(`${name}{type="${type}"} `));
  return Number(line?.split(' ')[1]);
}

const untilAborted = ({ signal }: JobContext) => once(signal, 'abort');

test('attempts are counted by their outcome, and none is left running', async () => {
  await using _worker = await startWorker(({ job, attempt }) => {
    if (job.payload === 'no') throw new UnrecoverableError('no');
    if (job.payload === 'later' && attempt === 1) throw new Error('later');
  });
  for (const payload of ['yes', 'yes', 'no', 'later']) await log.create(type, { payload });
  await untilAttempts({ completed: 3, failed: 1, retried: 1 });
  expect(await value('jobstream_attempts_running')).toBe(0);
  expect(await value('jobstream_attempt_duration_seconds_count')).toBe(5);
  expect(await value('jobstream_attempt_wait_seconds_count')).toBe(5);
});

test('a running attempt is shown as one, and one that is cancelled as that', async () => {
  await using worker = await startWorker(untilAborted);
  const { jobId } = await log.create(type);
  await eventually(() => expect(worker.lines).toContain('started'));
  expect(await value('jobstream_attempts_running')).toBe(1);
  await log.act(jobId, { kind: 'CancelJob' });
  await untilAttempts({ cancelled: 1 });
  expect(await value('jobstream_attempts_running')).toBe(0);
});

test('an attempt that a shutdown ends is released', async () => {
  await using worker = await startWorker(untilAborted);
  await log.create(type);
  await eventually(() => expect(worker.lines).toContain('started'));
  await worker.stop();
  await untilAttempts({ released: 1 });
});

test('an attempt whose job moved on is overtaken', async () => {
  const { promise: release, resolve: letGo } = Promise.withResolvers<void>();
  await using worker = await startWorker(() => release);
  const { jobId } = await log.create(type);
  await eventually(() => expect(worker.lines).toContain('started'));
  await log.act(jobId, { kind: 'CompleteAttempt', attempt: 1, durationMs: 1 });
  letGo();
  await untilAttempts({ overtaken: 1 });
  expect(await value('jobstream_attempts_running')).toBe(0);
});

test('the attempt of a worker that is gone is lost when its message comes again, and did not wait', async () => {
  const created = await log.create(type);
  await log.act(created.jobId, { kind: 'StartAttempt', worker: 'gone', causationId: created.id });
  await using _worker = await startWorker(() => undefined, { ackWaitMs: 1_000 });
  await untilAttempts({ lost: 1, completed: 1 });
  expect(await value('jobstream_redeliveries_total')).toBe(1);
  expect(await value('jobstream_attempt_wait_seconds_count')).toBeNaN();
});

test('however many types there are, the number of series stays bounded', async () => {
  const observer = attemptMetrics(metrics);
  for (let number = 0; number < 1_000; number++) observer.redelivered(`made-up-${number}`);
  const lines = (await metrics.text()).split('\n').filter((line) => line.startsWith('jobstream_redeliveries_total{'));
  expect(lines).toHaveLength(101);
  expect(lines).toContain('jobstream_redeliveries_total{type="other"} 900');
});
