import { setTimeout as pause } from 'node:timers/promises';
import type { JobEvent } from '@jobstream/domain';
import { ConcurrentAppendError, EventLog } from '@jobstream/eventlog';
import { eventually, startTcpProxy } from '@jobstream/testing';
import { expect, test } from 'vitest';
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

/** An event log whose subscriptions to cancellations receive nothing. */
class DeafLog extends EventLog {
  override subscribeToCancellations(): () => void {
    return () => undefined;
  }
}

test('cancelling a running job aborts its handler at once and acknowledges the message', async () => {
  const { handler, reason } = endlessHandler();
  await using worker = await startWorker(handler, { ackWaitMs: 600_000 });
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
    override subscribeToCancellations(jobTypes: readonly string[], onHint: (jobId: string) => void) {
      return super.subscribeToCancellations(jobTypes, (jobId) => {
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
  await using worker = await startWorker(handler, { eventLog });
  await log.create(handler.type);
  await eventually(() => expect(worker.lines).toContain(STOPPED));
  expect(runs).toBe(0);
});

test('a cancellation that the log rejects is checked and stops nothing', async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const handler = handlerOf(() => promise);
  await using worker = await startWorker(handler);
  const created = await log.create(handler.type);
  await log.storyUntil(created.jobId, 'processing');
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
  await using _worker = await startWorker(handler, { eventLog, ackWaitMs: 600_000 });
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
  await using _worker = await startWorker(handler);
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

test('the result of a handler is discarded after a cancellation that its worker missed', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const handler = handlerOf(() => promise);
  const eventLog = new DeafLog({ url: nats.url, name: 'worker' });
  await using worker = await startWorker(handler, { eventLog });
  const { jobId } = await log.create(handler.type);
  await log.storyUntil(jobId, 'processing');
  await log.act(jobId, { kind: 'CancelJob' });
  resolve();
  await eventually(() => expect(worker.lines).toContain(OVERTAKEN));
  expect(await log.story(jobId)).toEqual(['JobCreated', 'JobStarted 1', 'JobCancelled']);
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
  await using worker = await startWorker(handler, { eventLog });
  const { jobId } = await log.create(handler.type);
  await log.storyUntil(jobId, 'processing');
  await log.act(jobId, { kind: 'CancelJob' });
  resolve();
  expect(await reason.promise).toMatchObject({ code: 'ATTEMPT_OVERTAKEN' });
  await eventually(() => expect(worker.lines).toContain(OVERTAKEN));
});

test('a cancellation that races the completion 1,000 times ends in exactly one of the two each time', async () => {
  const cancels = new Map<string, Promise<boolean>>();
  let headStart = 0; // ms for the cancellation, adjusted by the winner, so that the race stays a close one on any machine
  const handler = handlerOf(async ({ job }) => {
    const cancel = cancelNow(job.id);
    cancels.set(job.id, cancel);
    void cancel.then((won) => (headStart = Math.max(0, headStart + (won ? -0.5 : 0.5))));
    await pause(headStart * Math.random() * 2);
    return 'done';
  });
  const worker = await startWorker(handler, { concurrency: 20 });
  const created = await log.createMany(1_000, handler.type);
  for (const { jobId } of created) {
    await eventually(() => expect(cancels.has(jobId)).toBe(true), { timeoutMs: 40_000 });
    await cancels.get(jobId);
  }
  await worker.stop(); // its last appends are stored or rejected now
  const stories = await log.stories();
  const wins = { JobCompleted: 0, JobCancelled: 0 };
  for (const { jobId } of created) {
    const winner = (await cancels.get(jobId)) === true ? 'JobCancelled' : 'JobCompleted';
    wins[winner] += 1;
    const ends = stories.get(jobId)?.filter((line) => /Completed|Cancelled|Failed|Released|Retry/.test(line));
    expect(ends).toEqual([expect.stringContaining(winner)]);
  }
  expect(Math.min(...Object.values(wins))).toBeGreaterThan(100);
}, 180_000);

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
