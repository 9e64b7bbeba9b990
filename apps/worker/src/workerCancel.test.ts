import { setTimeout as pause } from 'node:timers/promises';
import type { JobEvent } from '@jobstream/domain';
import { ConcurrentAppendError, EventLog } from '@jobstream/eventlog';
import { eventually, startNats, startTcpProxy } from '@jobstream/testing';
import type { TestNats } from '@jobstream/testing';
import { Schema } from 'effect';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { defineHandler } from './handler/defineHandler.ts';
import type { Handler, JobContext } from './handler/defineHandler.ts';
import { startTestWorker } from '../testing/startTestWorker.ts';
import { TestLog } from '../testing/testLog.ts';

const STOPPED = 'cancelled: the handler was stopped, its outcome is discarded';
const OVERTAKEN = 'attempt overtaken: the job has moved on, the outcome is discarded';

let nats: TestNats;
let log: TestLog;
let types = 0;

beforeAll(async () => {
  nats = await startNats();
  log = await TestLog.open(nats.url);
});

afterAll(async () => {
  await log[Symbol.asyncDispose]();
  await nats[Symbol.asyncDispose]();
});

/** A handler of a job type of its own, since all tests share the server. */
function handlerOf(run: (ctx: JobContext) => unknown): Handler {
  return defineHandler({ type: `type-${++types}`, payload: Schema.Unknown, run: (_payload, ctx) => run(ctx) });
}

/** A handler that never ends by itself; `reason` is why its signal was aborted. */
function endlessHandler() {
  const { promise: reason, resolve } = Promise.withResolvers<unknown>();
  const handler = handlerOf(async ({ signal }) => {
    await pause(3_600_000, undefined, { signal }).catch(() => resolve(signal.reason));
  });
  return { handler, reason };
}

/** Does not hear of cancellations. */
class DeafLog extends EventLog {
  override onCancelled(): () => void {
    return () => undefined;
  }
}

test('cancelling a running job aborts its handler at once, and the message is answered for good', async () => {
  const { handler, reason } = endlessHandler();
  await using worker = await startTestWorker([handler], { natsUrl: nats.url, ackWaitMs: 600_000 });
  const { jobId } = await log.create(handler.type);
  await log.storyUntil(jobId, 'processing');
  await log.act(jobId, { kind: 'CancelJob' });
  expect(await reason).toMatchObject({ name: 'AttemptAbortedError', code: 'JOB_CANCELLED' });
  await eventually(() => expect(worker.lines).toContain(STOPPED));
  expect(await log.story(jobId)).toEqual(['JobCreated', 'JobStarted 1', 'JobCancelled']);
});

test('a job that is cancelled between the start of its attempt and its run is not run', async () => {
  const heard = Promise.withResolvers<void>();
  class CancellingLog extends EventLog {
    override onCancelled(jobTypes: readonly string[], onHint: (jobId: string) => void) {
      return super.onCancelled(jobTypes, (jobId) => {
        onHint(jobId);
        heard.resolve();
      });
    }

    override async append(event: JobEvent, expected: number) {
      const sequence = await super.append(event, expected);
      if (event.event !== 'JobStarted') return sequence;
      await log.act(event.jobId, { kind: 'CancelJob' });
      await heard.promise;
      return sequence;
    }
  }
  let runs = 0;
  const handler = handlerOf(() => void runs++);
  const eventLog = new CancellingLog({ url: nats.url, name: 'worker' });
  await using worker = await startTestWorker([handler], { natsUrl: nats.url, eventLog });
  await log.create(handler.type);
  await eventually(() => expect(worker.lines).toContain(STOPPED));
  expect(runs).toBe(0);
});

test('a cancel that the log refuses is heard, looked up, and stops nothing', async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const handler = handlerOf(() => promise);
  await using worker = await startTestWorker([handler], { natsUrl: nats.url });
  const created = await log.create(handler.type);
  await log.storyUntil(created.jobId, 'processing');
  const cancelled = { ...created, event: 'JobCancelled', version: 2, data: {} } as JobEvent;
  await expect(log.eventLog.append(cancelled, 0)).rejects.toThrow(ConcurrentAppendError);
  await eventually(() => expect(worker.lines).toContain('cancellation hint ignored: the log has no cancellation'));
  resolve('done');
  expect(await log.storyUntil(created.jobId, 'completed')).toEqual(['JobCreated', 'JobStarted 1', 'JobCompleted 1']);
});

test('a cancel that came while the worker was cut off aborts the handler when the connection is back', async () => {
  await using proxy = await startTcpProxy(nats.port);
  const eventLog = new EventLog({ url: `nats://127.0.0.1:${proxy.port}`, name: 'worker' });
  const { handler, reason } = endlessHandler();
  await using _worker = await startTestWorker([handler], { natsUrl: nats.url, eventLog, ackWaitMs: 600_000 });
  const { jobId } = await log.create(handler.type);
  await log.storyUntil(jobId, 'processing');
  await proxy.cut();
  await log.act(jobId, { kind: 'CancelJob' });
  await proxy.heal();
  expect(await reason).toMatchObject({ code: 'JOB_CANCELLED' });
});

test('a job that was cancelled and requeued at once is overtaken, and runs again', async () => {
  const reasons: unknown[] = [];
  const handler = handlerOf(async ({ job, signal }) => {
    if (job.version > 2) return 'second life';
    await pause(3_600_000, undefined, { signal }).catch(() => reasons.push(signal.reason));
    return 'first life';
  });
  await using _worker = await startTestWorker([handler], { natsUrl: nats.url });
  const { jobId } = await log.create(handler.type);
  await log.storyUntil(jobId, 'processing');
  await log.act(jobId, { kind: 'CancelJob' });
  await log.act(jobId, { kind: 'RequeueJob' });
  expect((await log.storyUntil(jobId, 'completed')).slice(-3)).toEqual([
    'JobRequeued',
    'JobStarted 1',
    'JobCompleted 1',
  ]);
  expect(reasons).toMatchObject([{ name: 'AttemptAbortedError' }]);
});

test('what a handler returns after a cancel that its worker did not hear of is dropped', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const handler = handlerOf(() => promise);
  const eventLog = new DeafLog({ url: nats.url, name: 'worker' });
  await using worker = await startTestWorker([handler], { natsUrl: nats.url, eventLog });
  const { jobId } = await log.create(handler.type);
  await log.storyUntil(jobId, 'processing');
  await log.act(jobId, { kind: 'CancelJob' });
  resolve();
  await eventually(() => expect(worker.lines).toContain(OVERTAKEN));
  expect(await log.story(jobId)).toEqual(['JobCreated', 'JobStarted 1', 'JobCancelled']);
});

test('a handler whose worker did not hear of the cancel is aborted at its next progress report', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const reason = Promise.withResolvers<unknown>();
  const handler = handlerOf(async ({ signal, progress }) => {
    await promise;
    progress({ percent: 50 });
    await pause(3_600_000, undefined, { signal }).catch(() => reason.resolve(signal.reason));
  });
  const eventLog = new DeafLog({ url: nats.url, name: 'worker' });
  await using worker = await startTestWorker([handler], { natsUrl: nats.url, eventLog });
  const { jobId } = await log.create(handler.type);
  await log.storyUntil(jobId, 'processing');
  await log.act(jobId, { kind: 'CancelJob' });
  resolve();
  expect(await reason.promise).toMatchObject({ code: 'ATTEMPT_OVERTAKEN' });
  await eventually(() => expect(worker.lines).toContain(OVERTAKEN));
});

test('a cancel that races the completion 1,000 times ends in exactly one of the two each time', async () => {
  const cancels = new Map<string, Promise<boolean>>();
  let headStart = 0; // ms for the cancel, adjusted by who wins, so that the race stays a close one on any machine
  const handler = handlerOf(async ({ job }) => {
    const cancel = cancelNow(job.id);
    cancels.set(job.id, cancel);
    void cancel.then((won) => (headStart = Math.max(0, headStart + (won ? -0.5 : 0.5))));
    await pause(headStart * Math.random() * 2);
    return 'done';
  });
  await using worker = await startTestWorker([handler], { natsUrl: nats.url, concurrency: 20 });
  const created = await Promise.all(Array.from({ length: 1_000 }, () => log.create(handler.type)));
  const outcomes = { JobCompleted: 0, JobCancelled: 0 };
  for (const { jobId } of created) {
    await eventually(() => expect(cancels.has(jobId)).toBe(true), { timeoutMs: 40_000 });
    const cancelled = await cancels.get(jobId);
    const outcome = cancelled === true ? 'JobCancelled' : 'JobCompleted';
    await log.storyUntil(jobId, cancelled === true ? 'cancelled' : 'completed');
    outcomes[outcome] += 1;
  }
  await worker.stop(); // whatever it still had to append is stored or refused now
  for (const { jobId } of created) {
    const ends = (await log.history(jobId)).filter(({ event }) => event in outcomes);
    expect(ends).toHaveLength(1);
  }
  expect(Math.min(...Object.values(outcomes))).toBeGreaterThan(100);
}, 180_000);

/** Whether the cancel won; a completed job refuses it. */
async function cancelNow(jobId: string): Promise<boolean> {
  for (;;) {
    try {
      await log.act(jobId, { kind: 'CancelJob' });
      return true;
    } catch (error) {
      if (!(error instanceof ConcurrentAppendError)) return false;
    }
  }
}
