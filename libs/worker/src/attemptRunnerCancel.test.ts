import { setTimeout as pause } from 'node:timers/promises';
import type { JobEvent } from '@jobstream/domain';
import { ConcurrentAppendError, EventLog } from '@jobstream/eventlog';
import { eventually, startTcpProxy } from '@jobstream/test-support';
import { expect, test, vi } from 'vitest';
import { CancelWatch } from './attempt/cancelWatch.ts';
import type { Handler } from './handler/jobHandler.ts';
import { handlerOf, sharedServer } from '../testing/startTestWorker.ts';

const STOPPED = 'cancelled: the handler was stopped, its outcome is discarded';
const OVERTAKEN = 'attempt overtaken: the job has moved on, the outcome is discarded';

const { nats, log, startWorker } = await sharedServer();

/** A handler that never ends by itself; `reason` is why its signal was aborted. */
function endlessHandler() {
  const { promise: reason, resolve } = Promise.withResolvers<unknown>();
  const handler = handlerOf(async ({ signal }) => {
    await pause(3_600_000, undefined, { signal }).catch(() => resolve(signal.reason));
  });
  return { handler, reason };
}

/** A job whose handler has been called in a worker of its own, which has `options`. */
async function startRunning(handler: Handler, options: Parameters<typeof startWorker>[1] = {}) {
  const { promise: called, resolve } = Promise.withResolvers<void>();
  const run: Handler['run'] = (payload, ctx) => {
    resolve();
    return handler.run(payload, ctx);
  };
  const worker = await startWorker({ ...handler, run }, options);
  const created = await log.create(handler.type);
  await called;
  return { ...worker, created, jobId: created.jobId, cancel: () => log.act(created.jobId, { kind: 'CancelJob' }) };
}

/** An event log whose subscriptions to cancellations receive nothing. */
class DeafLog extends EventLog {
  override subscribeToCancellations(): () => void {
    return () => undefined;
  }
}

/** An event log that counts what waits for cancellations and reconnections. */
class CountingLog extends EventLog {
  readonly waiting = new Set<() => void>();

  override subscribeToCancellations(...args: Parameters<EventLog['subscribeToCancellations']>): () => void {
    return this.#counted(super.subscribeToCancellations(...args));
  }

  override onReconnected(listener: () => void): () => void {
    return this.#counted(super.onReconnected(listener));
  }

  #counted(end: () => void): () => void {
    this.waiting.add(end);
    return () => {
      this.waiting.delete(end);
      end();
    };
  }
}

test('a worker that has stopped waits for cancellations no more', async () => {
  const eventLog = new CountingLog({ url: nats.url, name: 'worker' });
  const worker = await startWorker(() => undefined, { eventLog });
  expect(eventLog.waiting.size).toBe(2);
  await worker.stop();
  expect(eventLog.waiting.size).toBe(0);
});

test('cancelling a running job aborts its handler at once and acknowledges the message', async () => {
  const { handler, reason } = endlessHandler();
  await using job = await startRunning(handler, { ackWaitMs: 600_000 });
  await job.cancel();
  expect(await reason).toMatchObject({ name: 'AttemptAbortedError', code: 'JOB_CANCELLED' });
  await eventually(() => expect(job.lines).toContain(STOPPED));
  expect(await log.story(job.jobId)).toEqual(['JobCreated', 'JobStarted 1', 'JobCancelled']);
});

test('a job that is cancelled between the start of its attempt and its run is not run', async () => {
  const hinted = Promise.withResolvers<void>();
  class CancellingLog extends EventLog {
    override subscribeToCancellations(jobTypes: readonly string[], onHint: (jobId: string) => void) {
      return super.subscribeToCancellations(jobTypes, (jobId) => {
        onHint(jobId);
        hinted.resolve();
      });
    }

    override async append(event: JobEvent, expected: number) {
      const sequence = await super.append(event, expected);
      if (event.event !== 'JobStarted') return sequence;
      await log.act(event.jobId, { kind: 'CancelJob' });
      await hinted.promise;
      return sequence;
    }
  }
  let runs = 0;
  const handler = handlerOf(() => void runs++);
  const eventLog = new CancellingLog({ url: nats.url, name: 'worker' });
  await using worker = await startWorker(handler, { eventLog });
  await log.create(handler.type);
  await eventually(() => expect(worker.lines).toContain(STOPPED));
  expect(runs).toBe(0);
});

test('a job that is cancelled while the worker is cut off between the start of its attempt and its run is not run', async () => {
  await using proxy = await startTcpProxy(nats.port);
  class CutOffLog extends EventLog {
    override async append(event: JobEvent, expected: number) {
      const sequence = await super.append(event, expected);
      if (event.event !== 'JobStarted') return sequence;
      const { promise: reconnected, resolve } = Promise.withResolvers<void>();
      this.onReconnected(resolve);
      await proxy.cut();
      await log.act(event.jobId, { kind: 'CancelJob' });
      await proxy.heal();
      await reconnected;
      return sequence;
    }
  }
  let runs = 0;
  const handler = handlerOf(() => void runs++);
  const eventLog = new CutOffLog({ url: `nats://127.0.0.1:${proxy.port}`, name: 'worker' });
  await using worker = await startWorker(handler, { eventLog, ackWaitMs: 600_000 });
  await log.create(handler.type);
  await eventually(() => expect(worker.lines.some((line) => [STOPPED, OVERTAKEN].includes(line))).toBe(true));
  expect(runs).toBe(0);
});

test('a job is followed only while its delivery is processed, so that a worker needs no more memory with each', async () => {
  const unfollow = vi.spyOn(CancelWatch.prototype, 'unfollow');
  await using worker = await startWorker(handlerOf(() => 'done'));
  const { jobId } = await log.create(worker.type);
  await eventually(() => expect(unfollow).toHaveBeenCalledWith(jobId));
});

test('a cancellation that the log rejects is checked and stops nothing', async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const handler = handlerOf(() => promise);
  await using worker = await startRunning(handler);
  const { created } = worker;
  const cancelled = { ...created, event: 'JobCancelled', version: 2, data: {} } as JobEvent;
  await expect(log.eventLog.append(cancelled, 0)).rejects.toThrow(ConcurrentAppendError);
  await eventually(() => expect(worker.lines).toContain('cancellation hint ignored: the log has no cancellation'));
  resolve('done');
  expect(await log.storyUntil(created.jobId, 'completed')).toEqual(['JobCreated', 'JobStarted 1', 'JobCompleted 1']);
});

test('a cancellation that came while the worker was cut off aborts the handler when the connection is back', async () => {
  await using proxy = await startTcpProxy(nats.port);
  const eventLog = new EventLog({ url: `nats://127.0.0.1:${proxy.port}`, name: 'worker' });
  const { handler, reason } = endlessHandler();
  await using job = await startRunning(handler, { eventLog, ackWaitMs: 600_000 });
  await proxy.cut();
  await job.cancel();
  await proxy.heal();
  expect(await reason).toMatchObject({ code: 'JOB_CANCELLED' });
});

test('a job that was cancelled and requeued at once is overtaken, and runs again', async () => {
  const reasons: unknown[] = [];
  const handler = handlerOf(async ({ job, signal }) => {
    if (job.version > 2) return 'second run';
    await pause(3_600_000, undefined, { signal }).catch(() => reasons.push(signal.reason));
    return 'first run';
  });
  await using running = await startRunning(handler);
  await running.cancel();
  await log.act(running.jobId, { kind: 'RequeueJob' });
  const story = await log.storyUntil(running.jobId, 'completed');
  expect(story.slice(-3)).toEqual(['JobRequeued', 'JobStarted 1', 'JobCompleted 1']);
  expect(reasons).toMatchObject([{ name: 'AttemptAbortedError' }]);
});

test('the result of a handler is discarded after a cancellation that its worker missed', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const handler = handlerOf(() => promise);
  const eventLog = new DeafLog({ url: nats.url, name: 'worker' });
  await using job = await startRunning(handler, { eventLog });
  await job.cancel();
  resolve();
  await eventually(() => expect(job.lines).toContain(OVERTAKEN));
  expect(await log.story(job.jobId)).toEqual(['JobCreated', 'JobStarted 1', 'JobCancelled']);
});

test('a handler whose worker missed the cancellation is aborted at its next progress report', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const reason = Promise.withResolvers<unknown>();
  const handler = handlerOf(async ({ signal, progress }) => {
    await promise;
    progress({ percent: 50 });
    await pause(3_600_000, undefined, { signal }).catch(() => reason.resolve(signal.reason));
  });
  const eventLog = new DeafLog({ url: nats.url, name: 'worker' });
  await using job = await startRunning(handler, { eventLog });
  await job.cancel();
  resolve();
  expect(await reason.promise).toMatchObject({ code: 'ATTEMPT_OVERTAKEN' });
  await eventually(() => expect(job.lines).toContain(OVERTAKEN));
});

test('a cancellation that races the completion 1,000 times ends in exactly one of the two each time', async () => {
  const cancels = new Map<string, Promise<boolean>>();
  // Of the cancellation in ms, below 0 of the completion; adjusted by the winner, so that the race stays close on any machine.
  let headStart = 0;
  const handler = handlerOf(async ({ job }) => {
    const ahead = headStart * Math.random() * 2;
    const cancel = pauseIfAny(-ahead).then(() => cancelNow(job.id));
    cancels.set(job.id, cancel);
    void cancel.then((won) => (headStart += won ? -0.5 : 0.5));
    await pauseIfAny(ahead);
    return 'done';
  });
  const worker = await startWorker(handler, { concurrency: 20 });
  const created = await log.createMany(1_000, handler.type);
  for (const { jobId } of created) {
    await eventually(() => expect(cancels.has(jobId)).toBe(true));
    await cancels.get(jobId);
  }
  await worker.stop(); // its last appends are stored or rejected now
  const stories = await log.stories();
  const wins = { JobCompleted: 0, JobCancelled: 0 };
  for (const { jobId } of created) {
    const winner = (await cancels.get(jobId)) === true ? 'JobCancelled' : 'JobCompleted';
    wins[winner] += 1;
    const ends = stories.get(jobId)?.filter((line) => /Completed|Cancelled|Failed/.test(line));
    expect(ends).toEqual([expect.stringContaining(winner)]);
  }
  expect(Math.min(...Object.values(wins))).toBeGreaterThan(0);
});

async function pauseIfAny(ms: number): Promise<void> {
  if (ms > 0) await pause(ms);
}

/** Whether the cancellation won; a completed job rejects it. */
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
