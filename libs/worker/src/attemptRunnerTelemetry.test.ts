import { once } from 'node:events';
import { EventLog } from '@jobstream/eventlog';
import { Metrics } from '@jobstream/runtime';
import { eventually } from '@jobstream/test-support';
import { beforeEach, describe, expect, test } from 'vitest';
import { TracePropagation } from './telemetry/tracePropagation.ts';
import { attemptMetrics } from './telemetry/attemptMetrics.ts';
import type { JobContext } from './handler/jobHandler.ts';
import { UnrecoverableError } from './handler/handlerErrors.ts';
import { handlerOf, sharedServer } from '../testing/startTestWorker.ts';
import type { TestWorkerOptions } from '../testing/startTestWorker.ts';
import { TestLog } from '../testing/testLog.ts';

const { nats, log, startWorker } = await sharedServer();

const untilAborted = ({ signal }: JobContext) => once(signal, 'abort');

describe('the metrics of attempts', () => {
  let metrics: Metrics;

  beforeEach(() => {
    metrics = new Metrics();
  });

  const startMeasured = (run: (ctx: JobContext) => unknown, options: Partial<TestWorkerOptions> = {}) =>
    startWorker(run, { observer: attemptMetrics(metrics), ...options });

  /** The number of attempts by their outcome. */
  async function attempts(): Promise<Record<string, number>> {
    const lines = (await metrics.text()).split('\n').filter((line) => line.startsWith('jobstream_attempts_total{'));
    return Object.fromEntries(lines.map((line) => [/outcome="([^"]*)"/.exec(line)?.[1], Number(line.split(' ')[1])]));
  }

  const untilAttempts = (expected: Record<string, number>) =>
    eventually(async () => expect(await attempts()).toEqual(expected));

  /** The value of the only series with this name. */
  async function value(name: string): Promise<number> {
    const line = (await metrics.text()).split('\n').find((one) => one.startsWith(`${name}{type="`));
    return Number(line?.split(' ')[1]);
  }

  test('count attempts by their outcome, and leave none running', async () => {
    await using worker = await startMeasured(({ job, attempt }) => {
      if (job.payload === 'no') throw new UnrecoverableError('no');
      if (job.payload === 'later' && attempt === 1) throw new Error('later');
    });
    for (const payload of ['yes', 'yes', 'no', 'later']) await log.create(worker.type, { payload });
    await untilAttempts({ completed: 3, failed: 1, retried: 1 });
    expect(await value('jobstream_attempts_running')).toBe(0);
    expect(await value('jobstream_attempt_duration_seconds_count')).toBe(5);
    expect(await value('jobstream_attempt_wait_seconds_count')).toBe(5);
  });

  test('show a running attempt as running, and a cancelled one as cancelled', async () => {
    await using worker = await startMeasured(untilAborted);
    const { jobId } = await log.create(worker.type);
    await eventually(() => expect(worker.lines).toContain('started'));
    expect(await value('jobstream_attempts_running')).toBe(1);
    await log.act(jobId, { kind: 'CancelJob' });
    await untilAttempts({ cancelled: 1 });
    expect(await value('jobstream_attempts_running')).toBe(0);
  });

  test('show an attempt that a shutdown ends as released', async () => {
    await using worker = await startMeasured(untilAborted);
    await log.create(worker.type);
    await eventually(() => expect(worker.lines).toContain('started'));
    await worker.stop();
    await untilAttempts({ released: 1 });
  });

  test('show an attempt whose job has moved on as overtaken', async () => {
    const { promise: release, resolve: letGo } = Promise.withResolvers<void>();
    await using worker = await startMeasured(() => release);
    const { jobId } = await log.create(worker.type);
    await eventually(() => expect(worker.lines).toContain('started'));
    await log.act(jobId, { kind: 'CompleteAttempt', attempt: 1, durationMs: 1 });
    letGo();
    await untilAttempts({ overtaken: 1 });
    expect(await value('jobstream_attempts_running')).toBe(0);
  });

  test('show the attempt of a worker that is gone as lost when its message is redelivered, without a wait', async () => {
    const handler = handlerOf(() => undefined);
    const created = await log.create(handler.type);
    await log.act(created.jobId, { kind: 'StartAttempt', worker: 'gone', causationId: created.id });
    await using _worker = await startWorker(handler, { observer: attemptMetrics(metrics), ackWaitMs: 1_000 });
    await untilAttempts({ lost: 1, completed: 1 });
    expect(await value('jobstream_redeliveries_total')).toBe(1);
    expect(await value('jobstream_attempt_wait_seconds_count')).toBeNaN();
  });

  test('have a bounded number of series, however many types there are', async () => {
    const observer = attemptMetrics(metrics);
    for (let number = 0; number < 1_000; number++) observer.redelivered(`made-up-${number}`);
    const lines = (await metrics.text()).split('\n').filter((line) => line.startsWith('jobstream_redeliveries_total{'));
    expect(lines).toHaveLength(101);
    expect(lines).toContain('jobstream_redeliveries_total{type="other"} 900');
  });
});

test('without tracing, handlers and all events of a job, also after a timer, stay in the trace of its creation', async () => {
  const trace = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const seen: (string | undefined)[] = [];
  const handler = handlerOf(({ attempt, traceparent }) => {
    seen.push(traceparent);
    if (attempt === 1) throw new Error('again');
  });
  const tracing = new TracePropagation();
  const eventLog = new EventLog({ url: nats.url, name: 'worker', traceparent: tracing.current });
  await using _worker = await startWorker(handler, { eventLog, tracing });
  await using producer = await TestLog.open(nats.url, { traceparent: () => trace });
  const { jobId } = await producer.create(handler.type, { backoff: { type: 'fixed', delayMs: 10 } });
  await log.until(jobId, 'completed');
  expect(seen).toEqual([trace, trace]);
  const traces: (string | undefined)[] = [];
  for await (const entries of log.eventLog.follow({ after: 0, traces: true })) {
    for (const entry of entries) {
      if (entry.kind === 'event' && entry.event.jobId === jobId) traces.push(entry.traceparent);
    }
    if (traces.length === 5) break;
  }
  expect(traces).toEqual([trace, trace, trace, trace, trace]);
});
