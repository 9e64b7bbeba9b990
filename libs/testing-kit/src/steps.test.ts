import { setImmediate as nextTurn } from 'node:timers/promises';
import { defineJob } from '@jobstream/client';
import { UnrecoverableError, type HandlerRegistrar, type JobContext } from '@jobstream/worker';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type CrashPoint, testJobstream } from './index.ts';

const order = defineJob('order', {
  payload: z.object({ amount: z.number() }),
  maxAttempts: 5,
  backoff: { type: 'fixed', delayMs: 1_000 },
});
const handling = (run: (ctx: JobContext, amount: number) => unknown) => ({
  handlers: (worker: HandlerRegistrar) => worker.handle(order, ({ amount }, ctx) => run(ctx, amount)),
});
const namesOf = (events: readonly { readonly event: string }[]) => events.map(({ event }) => event);

/** Counts how often each step was run. */
function counter() {
  const runs = new Map<string, number>();
  return { runs, run: (name: string) => runs.set(name, (runs.get(name) ?? 0) + 1).get(name) };
}

const failedAfterItsStep = async () => {
  const { runs, run } = counter();
  const t = await testJobstream(
    handling(async ({ step }, amount) => {
      const charged = await step('charge', () => run('charge'));
      if (amount < 10) throw new UnrecoverableError('too little');
      return charged;
    }),
  );
  const job = await t.enqueue(order, { amount: 1 });
  await t.drain();
  return { t, job, runs };
};

const big = (kilobytes: number) => 'x'.repeat(kilobytes * 1_024);

test('a step runs once a job, and later attempts get its result', async () => {
  const { runs, run } = counter();
  await using t = await testJobstream(
    handling(async ({ step, attempt }, amount) => {
      const charged = await step('charge', () => ({ id: `ch_${run('charge')}`, amount }));
      if (attempt < 3) throw new Error('the line is busy');
      return charged;
    }),
  );
  const job = await t.enqueue(order, { amount: 5 });
  await t.advance('1m');
  expect(await job.result()).toEqual({ id: 'ch_1', amount: 5 });
  expect(runs).toEqual(new Map([['charge', 1]]));
  expect(namesOf(await t.events(job))).toEqual([
    'JobCreated',
    'JobStarted',
    'JobStepsRecorded',
    'JobRetryScheduled',
    'JobStarted',
    'JobRetryScheduled',
    'JobStarted',
    'JobCompleted',
  ]);
  expect(await t.steps(job)).toMatchObject([{ name: 'charge', attempt: 1, result: { id: 'ch_1', amount: 5 } }]);
});

test('the result is what JSON makes of it, in the first attempt as in later ones', async () => {
  await using t = await testJobstream(
    handling(({ step }) => step('date', () => new Date(0)).then((date) => typeof date)),
  );
  const job = await t.enqueue(order, { amount: 1 });
  await t.drain();
  expect(await job.result()).toBe('string');
});

test('steps that end meanwhile share an event, and a loop gives each its key', async () => {
  const { runs, run } = counter();
  await using t = await testJobstream(
    handling(async ({ step }) => {
      const addresses = ['a', 'b', 'c', 'd'];
      return Promise.all(addresses.map((key) => step('send', { key }, () => run(key))));
    }),
  );
  const job = await t.enqueue(order, { amount: 1 });
  await t.drain();
  expect(await job.result()).toEqual([1, 1, 1, 1]);
  const recorded = (await t.events(job)).filter(({ event }) => event === 'JobStepsRecorded');
  expect(recorded.map(({ data }) => data)).toMatchObject([{ from: 0, steps: [{ key: 'a' }, {}, {}, { key: 'd' }] }]);
  expect(runs.size).toBe(4);
});

test('a name that comes twice in an attempt fails the job with a sentence that says what to do', async () => {
  await using t = await testJobstream(
    handling(async ({ step }) => {
      for (const n of [1, 2]) await step('send', () => n);
    }),
  );
  const job = await t.enqueue(order, { amount: 1 });
  await t.drain();
  expect(await t.job(job)).toMatchObject({
    status: 'failed',
    error: {
      code: 'STEP_MISUSED',
      message:
        "the step 'send' was begun twice in this attempt. In a loop give each its key: ctx.step('send', { key }, …)",
    },
  });
});

test.each([
  ['', /the name of a step must have 1 to 128 characters/],
  ['a\nb', /the name of a step/],
  ['x'.repeat(129), /the name of a step/],
])('a step cannot be called %j', async (name, message) => {
  await using t = await testJobstream(handling(({ step }) => step(name, () => 1)));
  const job = await t.enqueue(order, { amount: 1 });
  await t.drain();
  expect((await t.job(job)).error?.message).toMatch(message);
});

test('a step with an error is recorded, and runs again in the next attempt', async () => {
  const { runs, run } = counter();
  await using t = await testJobstream(
    handling(({ step }) =>
      step('charge', () => {
        if (run('charge') === 1) throw new TypeError('declined');
        return 'paid';
      }),
    ),
  );
  const job = await t.enqueue(order, { amount: 1 });
  await t.drain();
  expect(await t.job(job)).toMatchObject({ status: 'retrying', error: { message: 'declined' } });
  expect(await t.steps(job)).toMatchObject([{ name: 'charge', attempt: 1, error: { name: 'TypeError' } }]);
  await t.advance('1m');
  expect(await job.result()).toBe('paid');
  expect(runs.get('charge')).toBe(2);
  expect(await t.steps(job)).toMatchObject([{ name: 'charge', attempt: 2, result: 'paid' }]);
});

test('a step is run again in its attempt as often as it says, and its outcome alone is recorded', async () => {
  const tries: number[] = [];
  const calling = handling(({ step }) =>
    step('call', { maxAttempts: 3, backoff: { type: 'fixed', delayMs: 5_000 } }, ({ attempt }) => {
      tries.push(attempt);
      if (attempt < 3) throw new Error('busy');
      return attempt;
    }),
  );
  await using t = await testJobstream({ ...calling, patienceMs: 20 });
  const job = await t.enqueue(order, { amount: 1 });
  await t.advance('9s');
  expect(tries).toEqual([1, 2]);
  await t.advance('1s');
  expect(await t.job(job)).toMatchObject({ status: 'completed', result: 3, attempt: 1, stepsRecorded: 1 });
});

test('what a step does after a wait is waited for, also where it takes real time', async () => {
  const tries: number[] = [];
  const calling = handling(({ step }) =>
    step('call', { maxAttempts: 3, backoff: { type: 'fixed', delayMs: 5_000 } }, async ({ attempt }) => {
      await nextTurn();
      tries.push(attempt);
      if (attempt < 3) throw new Error('busy');
      return attempt;
    }),
  );
  await using t = await testJobstream({ ...calling, patienceMs: 100 });
  const job = await t.enqueue(order, { amount: 1 });
  await t.advance('5s');
  expect(tries).toEqual([1, 2]);
  await t.advance('1h');
  expect(tries).toEqual([1, 2, 3]);
  const { finishedAt = '', createdAt } = await t.job(job);
  expect(Date.parse(finishedAt) - Date.parse(createdAt)).toBe(10_000);
});

test('an error that no other run can fix is not tried again', async () => {
  const { runs, run } = counter();
  await using t = await testJobstream(
    handling(({ step }) =>
      step('call', { maxAttempts: 3 }, () => {
        run('call');
        throw new UnrecoverableError('no such account');
      }),
    ),
  );
  const job = await t.enqueue(order, { amount: 1 });
  await t.advance('1m');
  expect(await t.job(job)).toMatchObject({ status: 'failed', error: { message: 'no such account' } });
  expect(runs.get('call')).toBe(1);
});

test('a step that a branch would begin as its attempt ends is either recorded or not begun', async () => {
  const done: number[] = [];
  await using t = await testJobstream(
    handling(({ step }, turns) => {
      const branch = async () => {
        await step('charge', nextTurn);
        for (let turn = 0; turn < turns; turn++) await Promise.resolve();
        await step('send', () => nextTurn().then(() => done.push(turns)));
      };
      branch().catch(() => undefined);
      return 'done';
    }),
  );
  const turns = Array.from({ length: 30 }, (_, index) => index);
  const jobs = await Promise.all(turns.map((amount) => t.enqueue(order, { amount })));
  await t.drain();
  await nextTurn(); // work of which nothing waits for the end
  const recorded = await Promise.all(jobs.map(async (job) => (await t.steps(job)).length === 2));
  expect(done.toSorted((one, other) => one - other)).toEqual(turns.filter((turn) => recorded[turn]));
});

test('the attempt ends when all steps have ended that it began, also those that it does not await', async () => {
  const slow = Promise.withResolvers<string>();
  await using t = await testJobstream(
    handling(async ({ step, attempt }) => {
      const slowly = step('slow', () => slow.promise);
      if (attempt > 1) return slowly;
      setImmediate(() => slow.resolve('done'));
      await Promise.all([slowly, step('fast', () => Promise.reject(new Error('no')))]);
      return undefined;
    }),
  );
  const job = await t.enqueue(order, { amount: 1 });
  await t.drain();
  expect(await t.steps(job)).toMatchObject([
    { name: 'fast', error: {} },
    { name: 'slow', result: 'done' },
  ]);
  await t.advance('1m');
  expect(await job.result()).toBe('done');
});

test('the idempotency key of a step is the same in every attempt, and that of no other step, job or payload', async () => {
  const keys: string[] = [];
  await using t = await testJobstream(
    handling(async ({ step, attempt }) => {
      await Promise.allSettled(
        [undefined, 'a', 'b'].map((key) =>
          step('send', key === undefined ? {} : { key }, ({ idempotencyKey }) => {
            keys.push(idempotencyKey);
            throw new Error('no');
          }),
        ),
      );
      if (attempt < 2) throw new Error('again');
      throw new UnrecoverableError('the end');
    }),
  );
  const job = await t.enqueue(order, { amount: 1 });
  await t.advance('1m');
  const first = keys.splice(0);
  expect(first.slice(3)).toEqual(first.slice(0, 3));
  expect(new Set(first).size).toBe(3);
  expect(first[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  await t.retry(job, { payload: { amount: 2 } });
  await t.advance('1m');
  await t.enqueue(order, { amount: 1 });
  await t.advance('1m');
  expect(new Set([...first, ...keys]).size).toBe(9);
});

describe('a retry', () => {
  test.each([
    ['keeps the steps', {}, 1],
    ['drops them with another payload', { payload: { amount: 10 } }, 2],
    ['keeps them with another payload if it says so', { payload: { amount: 10 }, keepSteps: true }, 1],
  ])('%s', async (_name, options, expected) => {
    const { t, job, runs } = await failedAfterItsStep();
    await using _t = t;
    await t.retry(job, options);
    await t.drain();
    expect(runs.get('charge')).toBe(expected);
  });
});

describe('what is too much fails the job for good, whatever the handler does with the error', () => {
  const code = 'STEP_RESULTS_TOO_LARGE';

  test.each([
    ['a result of more than 256 KB', ({ step }: JobContext) => step('big', () => big(256)).catch(() => 'never mind')],
    [
      'results of more than 512 KB together',
      ({ step }: JobContext) => Promise.allSettled(['a', 'b', 'c'].map((name) => step(name, () => big(200)))),
    ],
    [
      'more than 1,000 steps',
      ({ step }: JobContext) =>
        Promise.allSettled(Array.from({ length: 1_001 }, (_, key) => step('send', { key }, () => undefined))),
    ],
  ])('%s', async (_name, run) => {
    await using t = await testJobstream(handling(run));
    const job = await t.enqueue(order, { amount: 1 });
    await t.drain();
    expect(await t.job(job)).toMatchObject({ status: 'failed', attempt: 1, error: { code } });
  });

  test('1,000 steps are not too many', async () => {
    await using t = await testJobstream(
      handling(({ step }) =>
        Promise.all(Array.from({ length: 1_000 }, (_, key) => step('send', { key }, () => key))).then(
          ({ length }) => length,
        ),
      ),
    );
    const job = await t.enqueue(order, { amount: 1 });
    await t.drain();
    expect(await job.result()).toBe(1_000);
    expect(await t.steps(job)).toHaveLength(1_000);
  });
});

describe('a worker that crashes in a job of ten steps', () => {
  const names = Array.from({ length: 10 }, (_, n) => `step ${n + 1}`);
  const events = ['JobStarted', ...names.map(() => 'JobStepsRecorded'), 'JobCompleted'] as const;
  const places = events.flatMap((event, place) =>
    (['before', 'after'] as const).map((when) => ({ when, event, place })),
  );

  test.each(places)(
    '$when event $place, $event: each step runs once, twice only between work and record',
    async (at) => {
      const { runs, run } = counter();
      const point = `${at.when} ${at.event}` as CrashPoint;
      await using t = await testJobstream(
        handling(async ({ step }) => {
          for (const [index, name] of names.entries()) {
            // The event of this step is the one at which the worker is to crash.
            await step(name, () => {
              if (index + 1 === at.place && run(name) === 1) t.crashWorker(point);
              else if (index + 1 !== at.place) run(name);
              return index;
            });
          }
          if (at.event === 'JobCompleted' && run('end') === 1) t.crashWorker(point);
          return 'done';
        }),
      );
      if (at.event === 'JobStarted') t.crashWorker(point);
      const job = await t.enqueue(order, { amount: 1 });
      await t.advance('1h');
      expect(await t.job(job)).toMatchObject({ status: 'completed', result: 'done', stepsRecorded: 10 });
      const isBetween = at.event === 'JobStepsRecorded' && at.when === 'before';
      const expected = names.map((_name, index) => (isBetween && index + 1 === at.place ? 2 : 1));
      expect(names.map((name) => runs.get(name))).toEqual(expected);
      expect(await t.steps(job)).toHaveLength(10);
    },
  );
});
