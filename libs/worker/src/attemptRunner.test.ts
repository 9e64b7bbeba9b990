import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises';
import { defineJob } from '@jobstream/client';
import type { JobEvent, JobStatus } from '@jobstream/domain';
import { EventLog } from '@jobstream/eventlog';
import { eventually } from '@jobstream/test-support';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { systemClock } from './attempt/chain/clock.ts';
import { jobHandler } from './handler/jobHandler.ts';
import type { Handler, JobContext } from './handler/jobHandler.ts';
import { RetryAfterError, UnrecoverableError } from './handler/handlerErrors.ts';
import { handlerOf, sharedServer } from '../testing/startTestWorker.ts';

const { nats, log, startWorker } = await sharedServer();

/** A job that a worker started with the JobCreated message, and abandoned. */
async function abandonedJob(handler: Handler, maxAttempts: number): Promise<string> {
  const created = await log.create(handler.type, { maxAttempts });
  await log.act(created.jobId, { kind: 'StartAttempt', worker: 'gone', causationId: created.id });
  return created.jobId;
}

/** A clock that stands still until the test lets it go on, so that a slow machine changes nothing. */
function stoppedClock() {
  const stoppedAt = Date.now();
  const system = systemClock(Date);
  let stopped = true;
  const now = () => (stopped ? new Date(stoppedAt).toISOString() : system.now());
  return { ...system, stoppedAt, now, goOn: () => void (stopped = false) };
}

/** The JobStarted events of a job once it has completed: their ids and the attempts that they name. */
async function startsUntilCompleted(jobId: string): Promise<object[]> {
  await log.storyUntil(jobId, 'completed');
  const history = await log.history(jobId);
  return history.flatMap(({ id, event, data }) => (event === 'JobStarted' ? [{ id, attempt: data.attempt }] : []));
}

/** A promise with its resolver, to hold a handler until the test lets it go. */
const gate = () => Promise.withResolvers<void>();

/** Runs a job in a worker of its own until it has a status; \`data\` is that of the last event. */
async function run(
  work: Parameters<typeof startWorker>[0],
  status: JobStatus,
  fields: Parameters<typeof log.create>[1] = {},
) {
  await using worker = await startWorker(work);
  const { jobId } = await log.create(worker.type, fields);
  const story = await log.storyUntil(jobId, status);
  const events = await log.history(jobId);
  return { story, events, data: events.at(-1)?.data };
}

describe('an attempt that succeeds', () => {
  test('is in the log from its start to its result, each event caused by the one message', async () => {
    const { story, events } = await run(({ attempt }) => ({ attempt }), 'completed');
    expect(story).toEqual(['JobCreated', 'JobStarted 1', 'JobCompleted 1']);
    const [created, started, completed] = events;
    expect(started).toMatchObject({ version: 2, causationId: created?.id, actor: { kind: 'worker' } });
    expect(completed).toMatchObject({ version: 3, actor: started?.actor, data: { result: { attempt: 1 } } });
  });

  test('reports progress: many values become few events, and the last one is kept', async () => {
    const { events } = await run(async ({ progress }) => {
      for (let percent = 0; percent <= 100; percent += 1) {
        for (let again = 0; again < 100; again += 1) progress({ percent });
        if (percent % 10 === 0) await pause(1);
      }
    }, 'completed');
    const reports = events.filter(({ event }) => event === 'JobProgressed');
    expect(reports.at(-1)?.data).toMatchObject({ percent: 100 });
    expect(reports.length).toBeLessThan(12);
  });

  test('leaves a pause between two events of progress that is reported in a tight loop', async () => {
    const pauses: number[] = [];
    let storedAt: number | undefined;
    class TimedLog extends EventLog {
      override async append(event: JobEvent, expected: number) {
        if (event.event !== 'JobProgressed') return super.append(event, expected);
        if (storedAt !== undefined) pauses.push(performance.now() - storedAt);
        const sequence = await super.append(event, expected);
        storedAt = performance.now();
        return sequence;
      }
    }
    const handler = handlerOf(async ({ progress }) => {
      for (let count = 1; pauses.length < 3; count++) {
        progress({ message: `report ${count}` });
        await turn();
      }
    });
    await using _worker = await startWorker(handler, { eventLog: new TimedLog({ url: nats.url, name: 'worker' }) });
    const { jobId } = await log.create(handler.type);
    await log.storyUntil(jobId, 'completed');
    // Never early, on however slow a machine; the tolerance is for the clock. The end of the run cuts the last one short.
    expect(Math.min(...pauses.slice(0, 3))).toBeGreaterThan(200);
  });

  test('corrects wrong values in a progress report', async () => {
    const { events } = await run(({ progress }) => progress({ percent: Number.NaN, message: 'a\0b' }), 'completed');
    const report = events.find(({ event }) => event === 'JobProgressed');
    expect(report?.data).toEqual({ attempt: 1, message: 'a\uFFFDb' });
  });
});

const failing = (error: Error) => () => {
  throw error;
};

describe('an attempt that fails', () => {
  test('is retried after the wait of its backoff, and may succeed then', async () => {
    const fields = { backoff: { type: 'fixed', delayMs: 400 } } as const;
    const { events } = await run(({ attempt }) => attempt === 3 || failing(new Error('no'))(), 'completed', fields);
    const attempts = events.map(({ event, data }) => [event.slice(3), 'attempt' in data ? data.attempt : 0].join(' '));
    expect(attempts.join()).toBe(
      'Created 0,Started 1,RetryScheduled 1,Started 2,RetryScheduled 2,Started 3,Completed 3',
    );
    for (const [index, event] of events.entries()) {
      if (event.event !== 'JobRetryScheduled') continue;
      expect(Date.parse(event.data.retryAt) - Date.parse(event.at)).toBe(400);
      expect(Date.parse(events[index + 1]?.at ?? '')).toBeGreaterThanOrEqual(Date.parse(event.data.retryAt));
    }
  });

  test('fails the job with the last error when no attempt is left', async () => {
    const fields = { maxAttempts: 2, backoff: { type: 'fixed', delayMs: 0 } } as const;
    const { data } = await run(({ attempt }) => failing(new Error(`no ${attempt}`))(), 'failed', fields);
    expect(data).toMatchObject({ attempt: 2, reason: 'attempts-exhausted', error: { message: 'no 2' } });
    expect(data).toHaveProperty('durationMs', expect.any(Number));
  });

  test('is retried no sooner than its error asks for', async () => {
    const { data } = await run(failing(new RetryAfterError('busy', 3_600_000)), 'retrying');
    const retryAt = data !== undefined && 'retryAt' in data ? Date.parse(data.retryAt) : 0;
    expect(retryAt).toBeGreaterThan(Date.now() + 3_500_000);
  });

  test.each([
    ['its error is unrecoverable', failing(new UnrecoverableError('never')), { reason: 'unrecoverable' }],
    ['its result cannot be kept', () => 1n, { error: { code: 'RESULT_NOT_JSON' } }],
    [
      'its payload is not what the handler takes',
      jobHandler(defineJob('picky', { payload: z.object({ n: z.int() }) }), () => undefined),
      { reason: 'invalid-payload', error: { message: expect.stringMatching(/^payload\.n: /) } },
    ],
  ])('fails the job at once when %s', async (_name, work, expected) => {
    const { story, data } = await run(work, 'failed', { payload: { n: 'one' } });
    expect(story).toEqual(['JobCreated', 'JobStarted 1', 'JobFailed 1']);
    expect(data).toMatchObject(expected);
  });
});

describe('the deadline of an attempt', () => {
  test('aborts the signal and fails the attempt', async () => {
    const reasons: unknown[] = [];
    const outlast = async ({ signal }: JobContext) => {
      await pause(60_000, undefined, { signal }).catch(() => undefined);
      reasons.push(signal.reason);
      return 'too late';
    };
    const { story, data } = await run(outlast, 'failed', { timeoutMs: 100, maxAttempts: 1 });
    expect(story).toEqual(['JobCreated', 'JobStarted 1', 'JobFailed 1']);
    expect(data).toMatchObject({
      reason: 'attempts-exhausted',
      error: { code: 'ATTEMPT_TIMEOUT', message: 'the attempt took longer than 100 ms' },
    });
    expect(reasons).toMatchObject([{ code: 'ATTEMPT_TIMEOUT' }]);
  });

  test('abandons a handler that ignores its signal, and ignores what it returns later', async () => {
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
    await log.until(next, 'completed');
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
    await log.until(now.jobId, 'completed');
    expect(await log.story(later.jobId)).toEqual(['JobCreated']);
    clock.goOn();
    await log.until(later.jobId, 'completed');
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

describe('a job that was abandoned by its worker', () => {
  test('is taken over as its next attempt', async () => {
    const handler = handlerOf(({ attempt }) => attempt);
    const jobId = await abandonedJob(handler, 3);
    await using _worker = await startWorker(handler, { ackWaitMs: 1_000 });
    expect((await log.storyUntil(jobId, 'completed')).slice(-2)).toEqual(['JobStarted 2', 'JobCompleted 2']);
  });

  test('fails when that was its last attempt', async () => {
    const handler = handlerOf(() => undefined);
    const jobId = await abandonedJob(handler, 1);
    await using _worker = await startWorker(handler, { ackWaitMs: 1_000 });
    expect(await log.storyUntil(jobId, 'failed')).toEqual(['JobCreated', 'JobStarted 1', 'JobFailed 1']);
    expect((await log.history(jobId)).at(-1)?.data).toMatchObject({ reason: 'worker-lost' });
  });

  test('is left to its worker when another message started it', async () => {
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
    if (job.version < 4) throw new UnrecoverableError('not before the requeue');
  });
  const { jobId } = await log.create(worker.type);
  await log.until(jobId, 'failed');
  await log.act(jobId, { kind: 'RequeueJob' });
  expect((await log.storyUntil(jobId, 'completed')).slice(-2)).toEqual(['JobStarted 1', 'JobCompleted 1']);
});

describe('a run that has the attempt number of an earlier run', () => {
  test('has its own run id after a release', async () => {
    const runs: string[] = [];
    const never = gate().promise;
    const handler = handlerOf(({ runId }) => (runs.push(runId) === 1 ? never : undefined));
    const stopping = await startWorker(handler, { ackWaitMs: 600_000 });
    const { jobId } = await log.create(handler.type);
    await eventually(() => expect(runs).toHaveLength(1));
    await stopping.stop();
    await using _worker = await startWorker(handler, { ackWaitMs: 600_000 });
    expect(await startsUntilCompleted(jobId)).toEqual(runs.map((id) => ({ id, attempt: 1 })));
    expect(new Set(runs).size).toBe(2);
  });

  test('has its own run id after a requeue', async () => {
    const runs: string[] = [];
    await using worker = await startWorker(({ runId }) => {
      if (runs.push(runId) === 1) throw new UnrecoverableError('the first run fails');
    });
    const { jobId } = await log.create(worker.type);
    await log.storyUntil(jobId, 'failed');
    await log.act(jobId, { kind: 'RequeueJob' });
    expect(await startsUntilCompleted(jobId)).toEqual(runs.map((id) => ({ id, attempt: 1 })));
    expect(new Set(runs).size).toBe(2);
  });
});

test('timers that fire more than once run the job once, whichever worker they reach', async () => {
  const { promise, resolve } = gate();
  const handler = handlerOf(() => promise);
  const workers = await Promise.all([1, 2].map(() => startWorker(handler)));
  const lines = () => workers.flatMap((worker) => worker.lines);
  const { jobId } = await log.create(handler.type);
  await log.until(jobId, 'processing');
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
    await log.until(jobId, 'processing');
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

  test('releases attempts that go on, also if they ignore it, and another worker runs them as the same attempt', async () => {
    const never = gate().promise;
    const handler = handlerOf(() => never);
    const stopping = await startWorker(handler, { ackWaitMs: 600_000 });
    const { jobId } = await log.create(handler.type, { maxAttempts: 1 });
    await log.until(jobId, 'processing');
    await Promise.all([stopping.stop(), stopping.stop()]);
    expect(await log.story(jobId)).toEqual(['JobCreated', 'JobStarted 1', 'JobReleased 1']);
    const successor = { ...handler, run: async () => 'done' };
    await using _worker = await startWorker(successor, { ackWaitMs: 600_000 });
    expect((await log.storyUntil(jobId, 'completed')).slice(-2)).toEqual(['JobStarted 1', 'JobCompleted 1']);
  });
});
