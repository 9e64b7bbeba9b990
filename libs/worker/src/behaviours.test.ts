import type { JobEvent } from '@jobstream/domain';
import { logStages, type AnyLog, type LogStage } from '@jobstream/eventlog/testing/logStages';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestLog } from '../testing/testLog.ts';
import { handlerOf } from '../testing/startTestWorker.ts';
import { AttemptRunner, type AttemptRunnerOptions } from './attemptRunner.ts';
import { systemClock } from './attempt/chain/clock.ts';
import { RetryAfterError, UnrecoverableError } from './handler/handlerErrors.ts';
import { handlerRegistry, type Handler, type JobContext } from './handler/jobHandler.ts';
import { silentLogger } from './handler/logger.ts';

/** The histories of all tests, by the name of the log and that of the test. */
const histories = new Map<string, Map<string, unknown[]>>();

const never = new Promise<never>(() => undefined);
const untilAborted = ({ signal }: JobContext) =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
const failing = (error: Error) => () => {
  throw error;
};
const backoff = { type: 'fixed', delayMs: 300 } as const;

describe.each(logStages)('a worker with a log %s', (name, open) => {
  let stage: LogStage;
  let log: TestLog<AnyLog>;
  const own = new Map<string, unknown[]>();
  histories.set(name, own);

  beforeAll(async () => {
    stage = await open();
    log = new TestLog(await stage.connect(), { now: stage.now, until: stage.until });
  });
  afterAll(() => stage.stop());

  /** Starts a worker with a connection of its own; `lose` cuts it off, as the death of its process does. */
  async function startWorker(handler: Handler, workerName: string, options: Partial<AttemptRunnerOptions> = {}) {
    const eventLog: AnyLog = await stage.connect();
    const runner = new AttemptRunner({
      eventLog,
      handlers: handlerRegistry([handler]),
      workerName,
      clock: systemClock(stage),
      ...(stage.timers === undefined ? {} : { timers: stage.timers }),
      logger: silentLogger,
      concurrency: 10,
      ackWaitMs: 60_000,
      shutdownGraceMs: 0,
      ...options,
    });
    await runner.start();
    return { lose: () => eventLog.stop(), stop: () => runner.stop(), [Symbol.asyncDispose]: () => runner.stop() };
  }

  /** Returns the history of a job, and keeps it for the comparison of the logs. */
  async function record(testName: string, jobId: string, options?: ComparableOptions): Promise<string[]> {
    own.set(testName, comparable(await log.history(jobId), options));
    return log.story(jobId);
  }

  test.each<[what: string, work: (ctx: JobContext) => unknown, status: 'completed' | 'failed', story: string]>([
    ['succeeds', () => ({ ok: true }), 'completed', 'Started 1, Completed 1'],
    [
      'fails twice and then succeeds',
      ({ attempt }) => attempt === 3 || failing(new Error('no'))(),
      'completed',
      'Started 1, RetryScheduled 1, Started 2, RetryScheduled 2, Started 3, Completed 3',
    ],
    [
      'fails until no attempt is left',
      failing(new TypeError('never')),
      'failed',
      'Started 1, RetryScheduled 1, Started 2, RetryScheduled 2, Started 3, Failed 3',
    ],
    [
      'says when to come back',
      ({ attempt }) => attempt === 2 || failing(new RetryAfterError('busy', 700))(),
      'completed',
      'Started 1, RetryScheduled 1, Started 2, Completed 2',
    ],
    ['cannot be done', failing(new UnrecoverableError('no such user')), 'failed', 'Started 1, Failed 1'],
    ['returns what is no JSON', () => 1n, 'failed', 'Started 1, Failed 1'],
  ])('runs a job that %s', async (what, work, status, story) => {
    const handler = handlerOf(work);
    await using _worker = await startWorker(handler, 'one');
    const { jobId } = await log.create(handler.type, { backoff });
    await log.until(jobId, status);
    expect((await record(what, jobId)).map((line) => line.slice(3)).join(', ')).toBe(`Created, ${story}`);
  });

  test.each([
    ['waits for its signal', untilAborted],
    ['ignores its signal', () => never],
  ])('times out an attempt that %s', async (what, work) => {
    const handler = handlerOf(work);
    await using _worker = await startWorker(handler, 'one');
    const { jobId } = await log.create(handler.type, { maxAttempts: 1, timeoutMs: 400 });
    expect(await log.storyUntil(jobId, 'failed')).toEqual(['JobCreated', 'JobStarted 1', 'JobFailed 1']);
    await record(what, jobId);
    expect((await log.history(jobId)).at(-1)?.data).toMatchObject({ error: { code: 'ATTEMPT_TIMEOUT' } });
  });

  test('runs a delayed job when it is due, not before', async () => {
    const handler = handlerOf(() => 'done');
    await using _worker = await startWorker(handler, 'one');
    const runAt = new Date(stage.now() + 1_000).toISOString();
    const { jobId } = await log.create(handler.type, { runAt });
    await log.until(jobId, 'completed');
    const [, started] = await log.history(jobId);
    expect(Date.parse(started?.at ?? '')).toBeGreaterThanOrEqual(Date.parse(runAt));
    await record('delayed', jobId);
  });

  test('aborts a job that is cancelled, and runs it again when it is requeued', async () => {
    const running = Promise.withResolvers<void>();
    let runs = 0;
    const handler = handlerOf((ctx) => {
      running.resolve();
      return ++runs === 1 ? untilAborted(ctx) : 'done';
    });
    await using _worker = await startWorker(handler, 'one');
    const { jobId } = await log.create(handler.type);
    await running.promise;
    await log.act(jobId, { kind: 'CancelJob', reason: 'no need' });
    await log.act(jobId, { kind: 'RequeueJob' });
    const story = ['JobCreated', 'JobStarted 1', 'JobCancelled', 'JobRequeued', 'JobStarted 1', 'JobCompleted 1'];
    expect(await log.storyUntil(jobId, 'completed')).toEqual(story);
    await record('cancelled', jobId);
  });

  test.each(['high', 'low'] as const)(
    'runs a delayed job of %s priority, its retry, and its requeue',
    async (priority) => {
      let runs = 0;
      const handler = handlerOf(
        () => ++runs !== 2 && failing(runs === 1 ? new Error('no') : new UnrecoverableError('no'))(),
      );
      await using _worker = await startWorker(handler, 'one');
      const runAt = new Date(stage.now() + 500).toISOString();
      const { jobId } = await log.create(handler.type, { priority, runAt, backoff, maxAttempts: 2 });
      await log.until(jobId, 'completed');
      const other = await log.create(handler.type, { priority });
      await log.until(other.jobId, 'failed');
      runs = 1;
      await log.act(other.jobId, { kind: 'RequeueJob' });
      await log.until(other.jobId, 'completed');
      expect(await record(`priority ${priority}`, jobId)).toEqual([
        'JobCreatedWithPriority',
        'JobStarted 1',
        'JobRetryScheduled 1',
        'JobStarted 2',
        'JobCompleted 2',
      ]);
      const requeued = ['JobRequeuedWithPriority', 'JobStarted 1', 'JobCompleted 1'];
      expect((await log.story(other.jobId)).slice(-3)).toEqual(requeued);
    },
  );

  test('runs a job that was given another priority once, on a call with that', async () => {
    const handler = handlerOf(() => 'done');
    await log.create(handler.type, { priority: 'high' }); // which creates the consumers
    const { jobId } = await log.create(handler.type);
    await log.act(jobId, { kind: 'ChangePriority', priority: 'high' });
    await using _worker = await startWorker(handler, 'one');
    await log.until(jobId, 'completed');
    const [created, changed, started] = await log.history(jobId);
    expect([created?.event, changed?.event, started?.event]).toEqual([
      'JobCreated',
      'JobPriorityChanged',
      'JobStarted',
    ]);
    expect(started?.causationId).toMatch(/^timer:/);
  });

  test('releases what it runs when it stops, and another worker runs it with the same attempt', async () => {
    const running = Promise.withResolvers<void>();
    let runs = 0;
    const handler = handlerOf((ctx) => {
      running.resolve();
      return ++runs === 1 ? untilAborted(ctx) : 'done';
    });
    const first = await startWorker(handler, 'one');
    const { jobId } = await log.create(handler.type);
    await running.promise;
    await first.stop();
    await using _second = await startWorker(handler, 'two');
    const story = ['JobCreated', 'JobStarted 1', 'JobReleased 1', 'JobStarted 1', 'JobCompleted 1'];
    expect(await log.storyUntil(jobId, 'completed')).toEqual(story);
    // It is called for by its message again and by a timer, and either may come first.
    await record('released', jobId, { causes: false });
  });

  test.each([
    [2, 'JobStarted 2, JobCompleted 2', 'completed'],
    [1, 'JobFailed 1', 'failed'],
  ] as const)('takes over a job of %i attempts from a lost worker', async (maxAttempts, end, status) => {
    const running = Promise.withResolvers<void>();
    let runs = 0;
    const handler = handlerOf(() => {
      running.resolve();
      return ++runs === 1 ? never : 'done';
    });
    const lost = await startWorker(handler, 'one', { ackWaitMs: 1_000 });
    const { jobId } = await log.create(handler.type, { maxAttempts });
    await running.promise;
    await lost.lose();
    await using _second = await startWorker(handler, 'two', { ackWaitMs: 1_000 });
    expect((await log.storyUntil(jobId, status)).join(', ')).toBe(`JobCreated, JobStarted 1, ${end}`);
    await record(`lost with ${maxAttempts}`, jobId);
  });

  test('runs no more jobs at once than its concurrency', async () => {
    let [running, most] = [0, 0];
    const twoRun = Promise.withResolvers<void>();
    const handler = handlerOf(async () => {
      most = Math.max(most, ++running);
      if (running === 2) twoRun.resolve();
      await twoRun.promise;
      running--;
    });
    await using _worker = await startWorker(handler, 'one', { concurrency: 2 });
    const jobs = await log.createMany(8, handler.type);
    await log.untilAll(jobs, 'completed');
    expect(most).toBe(2);
  });

  test('starts no more jobs in a period than its rate', async () => {
    const begun = stage.now();
    const starts: number[] = [];
    const handler = handlerOf(() => void starts.push(stage.now()));
    const limits = new Map([[handler.type, { rate: { starts: 2, perMs: 500 } }]]);
    await using _worker = await startWorker(handler, 'one', { limits });
    const jobs = await log.createMany(5, handler.type);
    await log.untilAll(jobs, 'completed');
    // The fifth has to wait for the third, which has to wait for the first; the tolerance is for the clock of the server.
    expect(Math.max(...starts) - begun).toBeGreaterThan(980);
  });
});

test('all histories are the same with both logs', () => {
  const [memory, real] = [...histories.values()];
  expect(memory?.size).toBe(15);
  expect(memory).toEqual(real);
});

interface ComparableOptions {
  /** Whether the same deliveries must have caused the events; default true. */
  readonly causes?: boolean;
}

/** A history without what no two runs have in common: ids, times, and the names of job types. */
function comparable(history: readonly JobEvent[], { causes = true }: ComparableOptions = {}): unknown[] {
  const ids = new Map(history.map(({ id }, index) => [id, index]));
  const cause = (causationId = '') => {
    const [id = '', delivery] = causationId.split('#');
    return [id.replace(/^timer:\d+$/, 'timer'), ids.get(id), delivery].filter((part) => part !== id);
  };
  return history.map(({ event, version, actor, causationId, at, data }) => {
    const { durationMs: _duration, ...rest } = data as Record<string, unknown> & { durationMs?: number };
    const wait = 'retryAt' in data ? Date.parse(data.retryAt) - Date.parse(at) : undefined;
    const error = 'error' in data && data.error !== undefined ? { ...data.error, stack: undefined } : undefined;
    return {
      event,
      version,
      actor,
      cause: causes ? cause(causationId) : undefined,
      data: { ...rest, retryAt: wait, runAt: undefined, error },
    };
  });
}
