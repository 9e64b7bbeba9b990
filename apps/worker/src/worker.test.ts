import { setTimeout as pause } from 'node:timers/promises';
import type { JobEvent } from '@jobstream/domain';
import { EventLog } from '@jobstream/eventlog';
import { eventually } from '@jobstream/testing';
import { Schema } from 'effect';
import { describe, expect, test } from 'vitest';
import { systemClock } from './clock.ts';
import { defineHandler } from './handler/defineHandler.ts';
import type { Handler } from './handler/defineHandler.ts';
import { RetryAfterError, UnrecoverableError } from './handler/handlerErrors.ts';
import { handlerOf, sharedServer } from '../testing/startTestWorker.ts';

const { nats, log, startWorker } = await sharedServer();

/** A job that a worker began with the JobCreated message, and left. */
async function abandonedJob(handler: Handler, maxAttempts: number): Promise<string> {
  const created = await log.create(handler.type, { maxAttempts });
  await log.act(created.jobId, { kind: 'StartAttempt', worker: 'gone', causationId: created.id });
  return created.jobId;
}

/** The clock of a machine on which no time passes, however slow that is, until the test lets it go on. */
function stoppedClock() {
  const stoppedAt = Date.now();
  const system = systemClock();
  let stopped = true;
  const now = () => (stopped ? new Date(stoppedAt).toISOString() : system.now());
  return { ...system, stoppedAt, now, goOn: () => void (stopped = false) };
}

/** A promise with its resolver, to hold a handler until the test lets it go. */
function gate() {
  return Promise.withResolvers<void>();
}

describe('an attempt that succeeds', () => {
  test('is in the log from its start to its result, each event caused by the one message', async () => {
    await using worker = await startWorker(({ attempt }) => ({ attempt }));
    const created = await log.create(worker.type);
    expect(await log.storyUntil(created.jobId, 'completed')).toEqual(['JobCreated', 'JobStarted 1', 'JobCompleted 1']);
    const [, started, completed] = await log.history(created.jobId);
    expect(started).toMatchObject({ version: 2, causationId: created.id, actor: { kind: 'worker' } });
    expect(completed).toMatchObject({ version: 3, actor: started?.actor, data: { result: { attempt: 1 } } });
  });

  test('reports progress: many values become few events, and the last one is kept', async () => {
    await using worker = await startWorker(async ({ progress }) => {
      for (let percent = 0; percent <= 100; percent += 1) {
        for (let again = 0; again < 100; again += 1) progress({ percent });
        if (percent % 10 === 0) await pause(1);
      }
    });
    const { jobId } = await log.create(worker.type);
    await log.storyUntil(jobId, 'completed');
    const reports = (await log.history(jobId)).filter(({ event }) => event === 'JobProgressed');
    expect(reports.at(-1)?.data).toMatchObject({ percent: 100 });
    expect(reports.length).toBeLessThan(12);
  });

  test('is not disturbed by nonsense in a progress report', async () => {
    await using worker = await startWorker(({ progress }) => progress({ percent: Number.NaN, message: 'a\0b' }));
    const { jobId } = await log.create(worker.type);
    await log.storyUntil(jobId, 'completed');
    const report = (await log.history(jobId)).find(({ event }) => event === 'JobProgressed');
    expect(report?.data).toEqual({ attempt: 1, message: 'a\uFFFDb' });
  });
});

describe('an attempt that fails', () => {
  test('is retried after the wait that the policy says, and may succeed then', async () => {
    await using worker = await startWorker(({ attempt }) => {
      if (attempt <= 2) throw new Error(`no ${attempt}`);
    });
    const { jobId } = await log.create(worker.type, { backoff: { type: 'fixed', delayMs: 400 } });
    expect(await log.storyUntil(jobId, 'completed')).toEqual([
      'JobCreated',
      'JobStarted 1',
      'JobRetryScheduled 1',
      'JobStarted 2',
      'JobRetryScheduled 2',
      'JobStarted 3',
      'JobCompleted 3',
    ]);
    const events = await log.history(jobId);
    for (const [index, event] of events.entries()) {
      if (event.event !== 'JobRetryScheduled') continue;
      expect(Date.parse(event.data.retryAt) - Date.parse(event.at)).toBe(400);
      expect(Date.parse(events[index + 1]?.at ?? '')).toBeGreaterThanOrEqual(Date.parse(event.data.retryAt));
    }
  });

  test('fails the job with the last error when no attempt is left', async () => {
    await using worker = await startWorker(({ attempt }) => {
      throw new Error(`no ${attempt}`);
    });
    const { jobId } = await log.create(worker.type, { maxAttempts: 2, backoff: { type: 'fixed', delayMs: 0 } });
    await log.storyUntil(jobId, 'failed');
    const last = (await log.history(jobId)).at(-1);
    expect(last?.data).toMatchObject({ attempt: 2, reason: 'attempts-exhausted', error: { message: 'no 2' } });
  });

  test('is retried no sooner than its error says', async () => {
    await using worker = await startWorker(() => {
      throw new RetryAfterError('busy', 3_600_000);
    });
    const { jobId } = await log.create(worker.type);
    await log.storyUntil(jobId, 'retrying');
    const last = (await log.history(jobId)).at(-1);
    expect(last?.event === 'JobRetryScheduled' && Date.parse(last.data.retryAt)).toBeGreaterThan(
      Date.now() + 3_500_000,
    );
  });

  test('fails the job at once when its error is unrecoverable, or its result cannot be kept', async () => {
    await using worker = await startWorker(({ job }) => {
      if (job.tags.includes('throw')) throw new UnrecoverableError('never');
      return 1n;
    });
    const thrower = await log.create(worker.type, { tags: ['throw'] });
    const returner = await log.create(worker.type);
    for (const { jobId } of [thrower, returner]) {
      expect(await log.storyUntil(jobId, 'failed')).toEqual(['JobCreated', 'JobStarted 1', 'JobFailed 1']);
    }
    expect((await log.history(thrower.jobId)).at(-1)?.data).toMatchObject({ reason: 'unrecoverable' });
    expect((await log.history(returner.jobId)).at(-1)?.data).toMatchObject({ error: { code: 'RESULT_NOT_JSON' } });
  });

  test('fails the job at once when its payload is not what the handler takes', async () => {
    const handler = defineHandler({ type: 'picky', payload: Schema.Struct({ n: Schema.Int }), run: () => undefined });
    await using _worker = await startWorker(handler);
    const { jobId } = await log.create('picky', { payload: { n: 'one' } });
    expect(await log.storyUntil(jobId, 'failed')).toEqual(['JobCreated', 'JobStarted 1', 'JobFailed 1']);
    expect((await log.history(jobId)).at(-1)?.data).toMatchObject({
      reason: 'invalid-payload',
      error: { message: expect.stringMatching(/^payload\.n: /) },
    });
  });
});

describe('the deadline of an attempt', () => {
  test('aborts the signal and fails the attempt', async () => {
    const reasons: unknown[] = [];
    await using worker = await startWorker(async ({ signal }) => {
      await pause(60_000, undefined, { signal }).catch(() => undefined);
      reasons.push(signal.reason);
      return 'too late';
    });
    const { jobId } = await log.create(worker.type, { timeoutMs: 100, maxAttempts: 1 });
    expect(await log.storyUntil(jobId, 'failed')).toEqual(['JobCreated', 'JobStarted 1', 'JobFailed 1']);
    expect((await log.history(jobId)).at(-1)?.data).toMatchObject({
      reason: 'attempts-exhausted',
      error: { code: 'ATTEMPT_TIMEOUT', message: 'the attempt took longer than 100 ms' },
    });
    expect(reasons).toMatchObject([{ code: 'ATTEMPT_TIMEOUT' }]);
  });

  test('leaves a handler to itself that ignores its signal, and drops what it returns later', async () => {
    const { promise, resolve } = gate();
    await using worker = await startWorker(async ({ progress }) => {
      await promise;
      progress({ percent: 99 });
      return 'too late';
    });
    const { jobId } = await log.create(worker.type, { timeoutMs: 50, maxAttempts: 1 });
    const story = await log.storyUntil(jobId, 'failed');
    expect(worker.lines).toContain('handler abandoned: it ignores its abort signal');
    resolve();
    const { jobId: next } = await log.create(worker.type);
    await log.storyUntil(next, 'completed');
    expect(await log.story(jobId)).toEqual(story);
  });
});

describe('a job that is not due', () => {
  test('waits for its time without a slot', async () => {
    const clock = stoppedClock();
    await using worker = await startWorker(() => undefined, { concurrency: 1, clock });
    const runAt = new Date(clock.stoppedAt + 1_200).toISOString();
    const later = await log.create(worker.type, { runAt });
    const now = await log.create(worker.type);
    await log.storyUntil(now.jobId, 'completed');
    expect(await log.story(later.jobId)).toEqual(['JobCreated']);
    clock.goOn();
    await log.storyUntil(later.jobId, 'completed');
    const [, started] = await log.history(later.jobId);
    expect(Date.parse(started?.at ?? '')).toBeGreaterThanOrEqual(Date.parse(runAt));
    expect(started?.causationId).toMatch(/^timer:\d+$/);
  });

  test('gets the timer that its worker died before asking for', async () => {
    const handler = handlerOf(() => undefined);
    const { jobId } = await log.create(handler.type, { backoff: { type: 'fixed', delayMs: 500 } });
    await log.act(jobId, { kind: 'StartAttempt', worker: 'gone' });
    const error = { name: 'Error', message: 'no' };
    await log.act(jobId, { kind: 'FailAttempt', attempt: 1, error, cause: 'error', random: 0, durationMs: 1 });
    await using _worker = await startWorker(handler);
    expect((await log.storyUntil(jobId, 'completed')).slice(-2)).toEqual(['JobStarted 2', 'JobCompleted 2']);
  });
});

describe('a job that was started and left by its worker', () => {
  test('is taken over as its next attempt', async () => {
    const handler = handlerOf(({ attempt }) => attempt);
    const jobId = await abandonedJob(handler, 3);
    await using _worker = await startWorker(handler, { ackWaitMs: 1_000 });
    expect(await log.storyUntil(jobId, 'completed')).toEqual([
      'JobCreated',
      'JobStarted 1',
      'JobStarted 2',
      'JobCompleted 2',
    ]);
  });

  test('fails when that was its last attempt', async () => {
    const handler = handlerOf(() => undefined);
    const jobId = await abandonedJob(handler, 1);
    await using _worker = await startWorker(handler, { ackWaitMs: 1_000 });
    expect(await log.storyUntil(jobId, 'failed')).toEqual(['JobCreated', 'JobStarted 1', 'JobFailed 1']);
    expect((await log.history(jobId)).at(-1)?.data).toMatchObject({ reason: 'worker-lost' });
  });

  test('is left alone when another message started it: that one has a worker of its own', async () => {
    const handler = handlerOf(() => undefined);
    const { jobId } = await log.create(handler.type);
    await log.act(jobId, { kind: 'StartAttempt', worker: 'busy', causationId: 'timer:1' });
    await using worker = await startWorker(handler);
    await eventually(() => expect(worker.lines).toContain('another message, with its own worker, started the job'));
    expect(await log.story(jobId)).toEqual(['JobCreated', 'JobStarted 1']);
  });
});

test('a job that was cancelled before its turn is not run', async () => {
  const handler = handlerOf(() => undefined);
  const { jobId } = await log.create(handler.type);
  await log.act(jobId, { kind: 'CancelJob' });
  await using worker = await startWorker(handler);
  await eventually(() => expect(worker.lines).toContain('the job is cancelled'));
  expect(await log.story(jobId)).toEqual(['JobCreated', 'JobCancelled']);
});

test('a job that is requeued runs afresh', async () => {
  await using worker = await startWorker(({ job }) => {
    if (job.version < 4) throw new UnrecoverableError('not in this life');
  });
  const { jobId } = await log.create(worker.type);
  await log.storyUntil(jobId, 'failed');
  await log.act(jobId, { kind: 'RequeueJob' });
  expect((await log.storyUntil(jobId, 'completed')).slice(-3)).toEqual([
    'JobRequeued',
    'JobStarted 1',
    'JobCompleted 1',
  ]);
});

test('timers that fire more than once run the job once, whichever worker they reach', async () => {
  const { promise, resolve } = gate();
  const handler = handlerOf(() => promise);
  const workers = await Promise.all([1, 2].map(() => startWorker(handler)));
  const lines = () => workers.flatMap((worker) => worker.lines);
  const { jobId } = await log.create(handler.type);
  await log.storyUntil(jobId, 'processing');
  const dropped = () => lines().filter((line) => line.startsWith('another message')).length;
  while (dropped() === 0) {
    await log.eventLog.scheduleWake({ jobId, jobType: handler.type, at: new Date().toISOString() });
    await pause(50);
  }
  resolve();
  await log.storyUntil(jobId, 'completed');
  await eventually(() => expect(lines()).toContain('the job is completed'));
  expect(await log.story(jobId)).toEqual(['JobCreated', 'JobStarted 1', 'JobCompleted 1']);
  await Promise.all(workers.map((worker) => worker.stop()));
});

describe('a worker that stops', () => {
  test('lets running attempts finish in the grace time', async () => {
    const { promise, resolve } = gate();
    const worker = await startWorker(() => promise, { shutdownGraceMs: 60_000 });
    const { jobId } = await log.create(worker.type);
    await log.storyUntil(jobId, 'processing');
    const stopped = worker.stop();
    resolve();
    await stopped;
    expect(await log.story(jobId)).toEqual(['JobCreated', 'JobStarted 1', 'JobCompleted 1']);
  });

  test('begins no handler whose claim comes back from the log after the grace time', async () => {
    const [claimed, closed] = [gate(), gate()];
    class SlowLog extends EventLog {
      override async append(event: JobEvent, expected: number) {
        const sequence = await super.append(event, expected);
        if (event.event !== 'JobStarted') return sequence;
        claimed.resolve();
        await closed.promise;
        return sequence;
      }
    }
    let runs = 0;
    const eventLog = new SlowLog({ url: nats.url, name: 'worker' });
    const worker = await startWorker(() => void runs++, { eventLog });
    const { jobId } = await log.create(worker.type);
    await claimed.promise;
    const stopped = worker.stop();
    setTimeout(closed.resolve, 0); // behind the timer of the grace time, which is over at once
    await stopped;
    expect(await log.story(jobId)).toEqual(['JobCreated', 'JobStarted 1', 'JobReleased 1']);
    expect(runs).toBe(0);
  });

  test('releases attempts that go on, also those that ignore it, and another worker runs them as the same attempt', async () => {
    const never = gate().promise;
    const handler = handlerOf(() => never);
    const stopping = await startWorker(handler, { ackWaitMs: 600_000 });
    const { jobId } = await log.create(handler.type, { maxAttempts: 1 });
    await log.storyUntil(jobId, 'processing');
    await Promise.all([stopping.stop(), stopping.stop()]);
    expect(await log.story(jobId)).toEqual(['JobCreated', 'JobStarted 1', 'JobReleased 1']);
    const successor = { ...handler, run: async () => 'done' };
    await using _worker = await startWorker(successor, { ackWaitMs: 600_000 });
    expect((await log.storyUntil(jobId, 'completed')).slice(-2)).toEqual(['JobStarted 1', 'JobCompleted 1']);
  });
});
