import { setImmediate as nextTurn } from 'node:timers/promises';
import { defineJob } from '@jobstream/client';
import {
  AttemptSuspendedError,
  UnrecoverableError,
  type HandlerRegistrar,
  type JobContext,
  type Logger,
} from '@jobstream/worker';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type CrashPoint, testJobstream } from './index.ts';

const order = defineJob('order', {
  payload: z.object({ amount: z.number() }),
  maxAttempts: 3,
  timeoutMs: 60_000,
  backoff: { type: 'fixed', delayMs: 1_000 },
});
const handling = (run: (ctx: JobContext, amount: number) => unknown) => ({
  handlers: (worker: HandlerRegistrar) => worker.handle(order, ({ amount }, ctx) => run(ctx, amount)),
});
const namesOf = (events: readonly { readonly event: string }[]) => events.map(({ event }) => event);
const DAY_MS = 86_400_000;

/** Counts how often each step was run. */
function counter() {
  const runs = new Map<string, number>();
  return { runs, run: (name: string) => runs.set(name, (runs.get(name) ?? 0) + 1).get(name) };
}

/** An order that sleeps three times, and is done after nine days. */
function patientOrder() {
  const { runs, run } = counter();
  const work = async ({ step, sleep }: JobContext, amount: number) => {
    const charged = await step('charge', () => ({ runs: run('charge'), amount }));
    for (const part of ['first', 'second', 'third']) {
      await sleep(part, '3d');
      await step('remind', { key: part }, () => run(part));
    }
    return charged;
  };
  return { runs, work };
}

test('a job that sleeps three times over nine days runs each step once, in one attempt', async () => {
  const { runs, work } = patientOrder();
  await using t = await testJobstream(handling(work));
  const job = await t.enqueue(order, { amount: 5 });
  await t.drain();
  expect(await t.job(job)).toMatchObject({ status: 'waiting', attempt: 1 });
  const { createdAt, runAt = '' } = await t.job(job);
  expect(Date.parse(runAt) - Date.parse(createdAt)).toBe(3 * DAY_MS);
  await t.advance('8d');
  expect(await t.job(job)).toMatchObject({ status: 'waiting' });
  await t.advance('1d');
  expect(await job.result()).toEqual({ runs: 1, amount: 5 });
  expect([...runs.values()]).toEqual([1, 1, 1, 1]);
  await t
    .expectJob(job)
    .toHaveEvents([
      'JobCreated',
      'JobStarted 1',
      'JobStepsRecorded 1',
      'JobStepsRecorded 1',
      'JobSuspended 1',
      'JobResumed 1',
      'JobStepsRecorded 1',
      'JobStepsRecorded 1',
      'JobSuspended 1',
      'JobResumed 1',
      'JobStepsRecorded 1',
      'JobStepsRecorded 1',
      'JobSuspended 1',
      'JobResumed 1',
      'JobStepsRecorded 1',
      'JobCompleted 1',
    ]);
});

const events = ['JobStarted', 'JobStepsRecorded', 'JobSuspended', 'JobResumed', 'JobCompleted'] as const;
const points = events.flatMap((event) => [`before ${event}`, `after ${event}`] as CrashPoint[]);
test.each(points)(
  'a worker that crashes %s loses no sleep, and no step runs again that was recorded',
  async (point) => {
    const { runs, work } = patientOrder();
    await using t = await testJobstream(handling(work));
    const job = await t.enqueue(order, { amount: 5 });
    t.crashWorker(point);
    await t.advance('10d');
    expect(await job.result()).toMatchObject({ amount: 5 });
    const { finishedAt = '', createdAt } = await t.job(job);
    // A worker is taken for lost after the time that its attempt may take, at most.
    expect(Date.parse(finishedAt) - Date.parse(createdAt)).toBeLessThan(9 * DAY_MS + 600_000);
    expect(Math.max(...runs.values())).toBeLessThanOrEqual(point === 'before JobStepsRecorded' ? 2 : 1);
  },
);

test('a short sleep keeps its slot', async () => {
  await using t = await testJobstream({ ...handling(({ sleep }) => sleep('breath', '30s')), patienceMs: 20 });
  const job = await t.enqueue(order, { amount: 1 });
  await t.advance('29s');
  expect(await t.job(job)).toMatchObject({ status: 'processing' });
  await t.advance('2s');
  expect(namesOf(await t.events(job))).toEqual(['JobCreated', 'JobStarted', 'JobStepsRecorded', 'JobCompleted']);
});

test('a sleep until an instant that has passed is over at once', async () => {
  await using t = await testJobstream(handling(({ sleepUntil }) => sleepUntil('long ago', new Date(0))));
  const job = await t.enqueue(order, { amount: 1 });
  await t.drain();
  expect(await t.job(job)).toMatchObject({ status: 'completed' });
});

test('of two sleeps at once the job waits for the earlier, and other branches get on meanwhile', async () => {
  const { runs, run } = counter();
  await using t = await testJobstream(
    handling(async ({ step, sleep }) => {
      const branch = async () => {
        await step('one', async () => {
          await nextTurn();
          run('one');
        });
        await step('two', () => run('two'));
      };
      await Promise.all([
        sleep('long', '2d'),
        sleep('short', '1d').then(() => step('awake', () => run('awake'))),
        branch(),
      ]);
    }),
  );
  const job = await t.enqueue(order, { amount: 1 });
  await t.drain();
  expect([...runs]).toEqual([
    ['one', 1],
    ['two', 1],
  ]);
  const { createdAt, runAt = '' } = await t.job(job);
  expect(Date.parse(runAt) - Date.parse(createdAt)).toBe(DAY_MS);
  await t.advance('1d');
  expect(runs.get('awake')).toBe(1);
  expect(await t.job(job)).toMatchObject({ status: 'waiting' });
  await t.advance('1d');
  expect(await t.job(job)).toMatchObject({ status: 'completed' });
  expect([...runs.values()]).toEqual([1, 1, 1]);
});

test('a job does not wait for a sleep that its handler does not wait for', async () => {
  await using t = await testJobstream(
    handling(async ({ step, sleep }) => Promise.race([sleep('too late', '1h'), step('answer', () => 42)])),
  );
  const job = await t.enqueue(order, { amount: 1 });
  await t.drain();
  expect(await job.result()).toBe(42);
});

const ignore = () => undefined;

/** A logger that keeps what is logged as an error. */
function errorLogger() {
  const lines: unknown[][] = [];
  const logger: Logger = {
    debug: ignore,
    info: ignore,
    warn: ignore,
    error: (...args: unknown[]) => void lines.push(args),
    child: () => logger,
  };
  return { lines, logger };
}

test('a handler that catches the interruption changes nothing, and is told', async () => {
  const { lines, logger } = errorLogger();
  const finished: string[] = [];
  await using t = await testJobstream({
    ...handling(async ({ sleep }) => {
      try {
        await sleep('nap', '1h');
      } catch (error) {
        if (error instanceof AttemptSuspendedError) return 'caught';
      } finally {
        finished.push('run');
      }
      return 'slept';
    }),
    logger,
  });
  const job = await t.enqueue(order, { amount: 1 });
  await t.drain();
  expect(await t.job(job)).toMatchObject({ status: 'waiting' });
  const told = lines.find(([, text]) => String(text).includes('has caught the error of a sleep'));
  const [{ err }] = told as [{ readonly err: Error }];
  expect(err.message).toMatch(/^the attempt ends here for now, in the sleep 'nap': it goes on at 20/);
  expect(err.stack).toContain('sleeps.test.ts');
  await t.advance('1h');
  expect(await job.result()).toBe('slept');
  expect(finished).toHaveLength(2);
});

test('a handler that is aborted after its interruption is not said to have caught it', async () => {
  const { lines, logger } = errorLogger();
  await using t = await testJobstream({
    ...handling(({ sleep, signal }) => {
      void sleep('nap', '1h');
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
    }),
    logger,
    patienceMs: 20,
  });
  const job = await t.enqueue(order, { amount: 1 }, { maxAttempts: 1 });
  await t.advance('1m');
  await t.expectJob(job).toMatch({ status: 'failed', error: { code: 'ATTEMPT_TIMEOUT' } });
  expect(lines.flat()).not.toContainEqual(expect.stringContaining('has caught'));
});

test('an error of the handler counts while a sleep has not ended its run yet', async () => {
  await using t = await testJobstream(
    handling(({ sleep, step }) =>
      Promise.all([
        sleep('nap', '1h'),
        step('charge', () => {
          throw new UnrecoverableError('declined');
        }),
      ]),
    ),
  );
  const job = await t.enqueue(order, { amount: 1 });
  await t.drain();
  expect(await t.job(job)).toMatchObject({ status: 'failed', error: { message: 'declined' } });
});

test('the next attempt sleeps for what is left', async () => {
  await using t = await testJobstream(
    handling(async ({ sleep, attempt }) => {
      if (attempt === 1) {
        void sleep('nap', '2h');
        await nextTurn();
        throw new Error('busy');
      }
      await sleep('nap', '2h');
    }),
  );
  const job = await t.enqueue(order, { amount: 1 });
  await t.advance('1h');
  expect(await t.job(job)).toMatchObject({ status: 'waiting', attempt: 2 });
  await t.advance('1h');
  expect(await t.job(job)).toMatchObject({ status: 'completed' });
});

test('a job that waits can be cancelled', async () => {
  await using t = await testJobstream(handling(({ sleep }) => sleep('nap', '2h')));
  const job = await t.enqueue(order, { amount: 1 });
  await t.drain();
  await t.cancel(job);
  await t.advance('3h');
  expect(await t.job(job)).toMatchObject({ status: 'cancelled' });
});

describe('a sleep is refused', () => {
  test.each([
    [
      'for a name that comes twice',
      /was begun twice in this attempt/,
      async (ctx: JobContext) => {
        for (const _ of [1, 2]) await ctx.sleep('nap', 1);
      },
    ],
    [
      'for the name of a step',
      /was begun twice in this attempt/,
      async (ctx: JobContext) => {
        await ctx.step('nap', () => 1);
        await ctx.sleep('nap', 1);
      },
    ],
    [
      'within a step',
      /the sleep 'nap' was begun within the step 'work'/,
      (ctx: JobContext) => ctx.step('work', () => ctx.sleep('nap', 1)),
    ],
    [
      'for what is no duration',
      /expected a duration such as/,
      (ctx: JobContext) => ctx.sleep('nap', '3 days' as never),
    ],
    ['for what is no instant', /must last until a Date/, (ctx: JobContext) => ctx.sleepUntil('nap', 'tomorrow')],
    [
      'for an instant without a zone',
      /must last until a Date/,
      (ctx: JobContext) => ctx.sleepUntil('nap', '2026-01-31T09:30:00'),
    ],
    ['for more than a year', /longer than 366 days/, (ctx: JobContext) => ctx.sleep('nap', '53w')],
    ['without a name', /the name of a sleep must have/, (ctx: JobContext) => ctx.sleep('', 1)],
  ] as const)('%s', async (_name, message, run) => {
    await using t = await testJobstream(handling(run));
    const job = await t.enqueue(order, { amount: 1 });
    await t.advance('1s');
    expect(await t.job(job)).toMatchObject({
      status: 'failed',
      error: { code: 'STEP_MISUSED', message: expect.stringMatching(message) as string },
    });
  });

  test('in the place of a step that an earlier attempt has recorded', async () => {
    await using t = await testJobstream(
      handling(async (ctx) => {
        if (ctx.attempt > 1) return ctx.sleep('nap', '1h');
        await ctx.step('nap', () => 1);
        throw new Error('again');
      }),
    );
    const job = await t.enqueue(order, { amount: 1 });
    await t.advance('1m');
    expect(await t.job(job)).toMatchObject({ status: 'failed', error: { code: 'STEP_MISUSED' } });
  });
});

test('sleeps in a loop are told apart by their keys', async () => {
  await using t = await testJobstream(
    handling(async ({ sleep }) => {
      for (const key of [1, 2, 3]) await sleep('poll', '1h30m', { key });
    }),
  );
  const job = await t.enqueue(order, { amount: 1 });
  await t.advance('4h29m');
  expect(await t.job(job)).toMatchObject({ status: 'waiting' });
  await t.advance('1m');
  expect(await t.job(job)).toMatchObject({ status: 'completed' });
});

test('short sleeps leave half of the time-out: a loop of them outlives it', async () => {
  await using t = await testJobstream(
    handling(async ({ sleep }) => {
      for (let key = 1; key <= 9; key++) await sleep('poll', '20s', { key });
    }),
  );
  const job = await t.enqueue(order, { amount: 1 });
  await t.advance('3m');
  expect(await t.job(job)).toMatchObject({ status: 'completed', attempt: 1 });
});
