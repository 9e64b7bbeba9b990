import { ConflictError, defineJob, InvalidRequestError, NotFoundError } from '@jobstream/client';
import { AttemptSuspendedError, type HandlerRegistrar, type JobContext, UnrecoverableError } from '@jobstream/worker';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type CrashPoint, testJobstream } from './index.ts';

const order = defineJob('order', {
  payload: z.object({ amount: z.number() }),
  signals: { approved: z.object({ by: z.string() }), note: z.string() },
  maxAttempts: 3,
  timeoutMs: 60_000,
  backoff: { type: 'fixed', delayMs: 1_000 },
});
type OrderContext = JobContext<typeof order>;
const handling = (run: (ctx: OrderContext) => unknown) => ({
  handlers: (worker: HandlerRegistrar) => worker.handle(order, (_payload, ctx) => run(ctx)),
});
const namesOf = (events: readonly { readonly event: string }[]) => events.map(({ event }) => event);
const approval = ({ waitFor }: OrderContext) => waitFor('approval', 'approved', { timeout: '3d' });

describe('a signal is read once', () => {
  test('that was sent before the job began: it does not wait', async () => {
    await using t = await testJobstream(handling(approval));
    const job = await t.enqueue(order, { amount: 5 });
    await t.signal(job, 'approved', { by: 'ada' });
    await t.drain();
    expect(await job.result()).toEqual({ by: 'ada' });
    expect(namesOf(await t.events(job))).toEqual([
      'JobCreated',
      'JobSignalled',
      'JobStarted',
      'JobStepsRecorded',
      'JobCompleted',
    ]);
  });

  test('that is sent during the wait: the same attempt goes on, called by the signal', async () => {
    await using t = await testJobstream(handling(approval));
    const job = await t.enqueue(order, { amount: 5 });
    await t.drain();
    expect(await t.job(job)).toMatchObject({ status: 'waiting', awaits: ['approved'] });
    await t.advance('1d');
    await t.signal(job, 'approved', { by: 'ada' });
    await t.drain();
    expect(await job.result()).toEqual({ by: 'ada' });
    const events = await t.events(job);
    expect(namesOf(events)).toEqual([
      'JobCreated',
      'JobStarted',
      'JobStepsRecorded',
      'JobSuspended',
      'JobSignalled',
      'JobResumed',
      'JobStepsRecorded',
      'JobCompleted',
    ]);
    const [signalled, resumed] = [events[4], events[5]];
    expect(resumed).toMatchObject({ causationId: signalled?.id, data: { attempt: 1 } });
    expect(await t.steps(job)).toMatchObject([
      { name: 'approval', result: { by: 'ada' }, signal: { id: signalled?.id, name: 'approved' } },
    ]);
    expect(await t.job(job)).not.toHaveProperty('unread');
  });

  test('that is sent while the handler runs, before it waits: the wait is not slept through', async () => {
    const [running, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    await using t = await testJobstream(
      handling(async (ctx) => {
        running.resolve();
        await goOn.promise;
        return approval(ctx);
      }),
    );
    const job = await t.enqueue(order, { amount: 5 });
    const drained = t.drain();
    await running.promise;
    await t.signal(job, 'approved', { by: 'ada' });
    goOn.resolve();
    await drained;
    expect(await job.result()).toEqual({ by: 'ada' });
    expect(await t.job(job)).toMatchObject({ attempt: 1 });
  });

  test('in their order, of each name', async () => {
    await using t = await testJobstream(
      handling(async ({ waitFor }) => {
        const notes: unknown[] = [];
        for (const key of [1, 2]) notes.push(await waitFor('note', 'note', { key }));
        return [...notes, await waitFor('approval', 'approved')];
      }),
    );
    const job = await t.enqueue(order, { amount: 5 });
    await t.drain();
    for (const note of ['first', 'second', 'third']) await t.signal(job, 'note', note);
    await t.drain();
    expect(await t.job(job)).toMatchObject({ status: 'waiting', awaits: ['approved'], unread: { note: 1 } });
    await t.signal(job, 'approved', { by: 'ada' });
    await t.drain();
    expect(await job.result()).toEqual(['first', 'second', { by: 'ada' }]);
  });

  test('also where the attempt fails after that: the next one has it', async () => {
    await using t = await testJobstream(
      handling(async (ctx) => {
        const approved = await approval(ctx);
        if (ctx.attempt === 1) throw new Error('no');
        return approved;
      }),
    );
    const job = await t.enqueue(order, { amount: 5 });
    await t.signal(job, 'approved', { by: 'ada' });
    await t.advance('1m');
    expect(await job.result()).toEqual({ by: 'ada' });
  });
});

describe('a wait', () => {
  test('with a time limit returns undefined once that is over, counted from its first call', async () => {
    const seen: unknown[] = [];
    await using t = await testJobstream(
      handling(async (ctx) => {
        const approved = await approval(ctx);
        seen.push(approved);
        if (ctx.attempt === 1) throw new Error('no');
        return { approved: approved ?? 'nobody' };
      }),
    );
    const job = await t.enqueue(order, { amount: 5 });
    await t.advance('71h');
    expect(await t.job(job)).toMatchObject({ status: 'waiting' });
    await t.advance('1h');
    await t.signal(job, 'approved', { by: 'late' });
    await t.advance('1m');
    expect(await job.result()).toEqual({ approved: 'nobody' });
    expect(seen).toEqual([undefined, undefined]);
  });

  test('without one waits for more than a year', async () => {
    await using t = await testJobstream(handling(({ waitFor }) => waitFor('approval', 'approved')));
    const job = await t.enqueue(order, { amount: 5 });
    await t.advance('400d');
    expect(await t.job(job)).toMatchObject({ status: 'waiting', attempt: 1 });
    await t.signal(job, 'approved', { by: 'ada' });
    await t.drain();
    expect(await job.result()).toEqual({ by: 'ada' });
  });

  test('beside a sleep ends with whichever comes first', async () => {
    await using t = await testJobstream(
      handling(async ({ waitFor, sleep, step }) => {
        await Promise.all([waitFor('approval', 'approved'), sleep('pause', '1d').then(() => step('awake', () => 1))]);
      }),
    );
    const job = await t.enqueue(order, { amount: 5 });
    await t.advance('25h');
    expect(await t.steps(job)).toMatchObject([{ name: 'pause' }, { name: 'awake' }]);
    expect(await t.job(job)).toMatchObject({ status: 'waiting', awaits: ['approved'] });
    await t.signal(job, 'approved', { by: 'ada' });
    await t.drain();
    expect(await t.job(job)).toMatchObject({ status: 'completed' });
  });

  test('for one signal is not ended by another', async () => {
    await using t = await testJobstream(handling(approval));
    const job = await t.enqueue(order, { amount: 5 });
    await t.drain();
    await t.signal(job, 'note', 'hello');
    await t.drain();
    expect(await t.job(job)).toMatchObject({ status: 'waiting', unread: { note: 1 } });
  });

  test('ends the run with an error that says by what it goes on', async () => {
    const caught: unknown[] = [];
    await using t = await testJobstream({
      ...handling(({ waitFor }) =>
        waitFor('approval', 'approved').catch((error: unknown) => {
          caught.push(error);
          throw error;
        }),
      ),
      startAt: '2026-03-01T08:00:00Z',
    });
    await t.enqueue(order, { amount: 5 });
    await t.drain();
    expect(caught[0]).toBeInstanceOf(AttemptSuspendedError);
    expect(caught[0]).toMatchObject({
      message:
        "the attempt ends here for now, in the wait 'approval' for the signal 'approved': it goes on with approved, or at 2027-03-02T08:00:00.000Z",
    });
  });
});

describe('what makes no sense fails the job', () => {
  test.each<[string, (ctx: JobContext) => unknown, string]>([
    [
      'a signal that the definition does not have',
      ({ waitFor }) => waitFor('approval', 'aproved' as never),
      "the wait 'approval' for the signal 'aproved': the definition of order has no such signal, it has approved, note",
    ],
    [
      'a name that comes twice',
      ({ waitFor }) => Promise.all([waitFor('a', 'note' as never), waitFor('a', 'note' as never)]),
      "the wait 'a' for the signal 'note' was begun twice in this attempt. In a loop give each its key: ctx.waitFor('a', 'note', { key })",
    ],
    [
      'a wait within a step',
      ({ waitFor, step }) => step('outer', () => waitFor('a', 'note' as never)),
      "the wait 'a' for the signal 'note' was begun within the step 'outer', which must end first",
    ],
    [
      'a time limit of a thousand days',
      ({ waitFor }) => waitFor('a', 'note' as never, { timeout: '1000d' }),
      "the wait 'a' for the signal 'note' would last longer than 366 days: leave its timeout out",
    ],
  ])('%s', async (_what, run, message) => {
    await using t = await testJobstream(handling((ctx) => run(ctx)));
    const job = await t.enqueue(order, { amount: 1 });
    await t.drain();
    expect(await t.job(job)).toMatchObject({ status: 'failed', error: { code: 'STEP_MISUSED', message } });
  });

  test('a signal that the schema refuses, as the worker knows it', async () => {
    const { signals: _signals, ...rest } = order;
    const stricter = { ...rest, signals: { note: z.string().max(3), approved: z.object({ by: z.string() }) } };
    await using t = await testJobstream({
      handlers: (worker) => worker.handle(stricter, (_payload, { waitFor }) => waitFor('note', 'note')),
    });
    const job = await t.enqueue(order, { amount: 1 });
    await t.signal(job, 'note', 'too long');
    await t.drain();
    expect(await t.job(job)).toMatchObject({ status: 'failed', error: { code: 'SIGNAL_INVALID' } });
  });
});

describe('a test that sends a signal', () => {
  test('is told of a name and a payload that the definition does not have, and of a job that has ended', async () => {
    await using t = await testJobstream(handling(() => undefined));
    const job = await t.enqueue(order, { amount: 5 });
    await expect(t.signal(job, 'aproved')).rejects.toThrow(
      new NotFoundError("the definition of order has no signal 'aproved', it has approved, note", { status: 404 }),
    );
    await expect(t.signal(job, 'approved', { by: 1 })).rejects.toThrow(InvalidRequestError);
    await t.drain();
    await expect(t.signal(job, 'approved', { by: 'ada' })).rejects.toThrow(ConflictError);
  });

  test('can have it read by a handler that throws what it is told to', async () => {
    await using t = await testJobstream(
      handling(async ({ waitFor }) => {
        throw new UnrecoverableError(await waitFor('note', 'note'));
      }),
    );
    const job = await t.enqueue(order, { amount: 5 });
    await t.signal(job, 'note', 'refused');
    await t.drain();
    expect(await t.job(job)).toMatchObject({ status: 'failed', error: { message: 'refused' } });
  });
});

const events = ['JobStarted', 'JobStepsRecorded', 'JobSuspended', 'JobResumed', 'JobCompleted'] as const;
const points = events.flatMap((event) => [`before ${event}`, `after ${event}`] as CrashPoint[]);
test.each(points)('a worker that crashes %s loses no signal, and reads none twice', async (point) => {
  const read: string[] = [];
  await using t = await testJobstream(
    handling(async ({ waitFor, step }) => {
      for (const key of [1, 2, 3]) {
        const note = await waitFor('note', 'note', { key, timeout: '30d' });
        await step('take', { key }, () => void read.push(String(note)));
      }
    }),
  );
  const job = await t.enqueue(order, { amount: 5 });
  t.crashWorker(point);
  for (const note of ['first', 'second', 'third']) {
    await t.signal(job, 'note', note);
    await t.advance('1h');
  }
  await t.advance('2h');
  expect(await t.job(job)).toMatchObject({ status: 'completed' });
  expect([...new Set(read)]).toEqual(['first', 'second', 'third']);
  expect(read.length).toBeLessThanOrEqual(point === 'before JobStepsRecorded' ? 4 : 3);
  const results = (await t.steps(job)).filter(({ name }) => name === 'note').map(({ result }) => result);
  expect(results).toEqual(['first', 'second', 'third']);
});

test('a worker that dies in the run that a signal has called for is replaced as soon as any other', async () => {
  await using t = await testJobstream(handling(({ waitFor }) => waitFor('note', 'note')));
  const job = await t.enqueue(order, { amount: 5 });
  await t.drain();
  t.crashWorker('after JobResumed');
  await t.signal(job, 'note', 'hello');
  await t.advance('1m');
  expect(await t.job(job)).toMatchObject({ status: 'completed', attempt: 2, result: 'hello' });
});

test('a signal that was stored before the wait begins is read by it, also with a time limit of 0', async () => {
  const [running, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  await using t = await testJobstream(
    handling(async ({ waitFor }) => {
      running.resolve();
      await goOn.promise;
      return waitFor('poll', 'note', { timeout: 0 });
    }),
  );
  const job = await t.enqueue(order, { amount: 5 });
  const drained = t.drain();
  await running.promise;
  await t.signal(job, 'note', 'hello');
  goOn.resolve();
  await drained;
  expect(await job.result()).toBe('hello');
});

test('a step with the name of a wait that an earlier release of the handler has begun fails the job', async () => {
  let isNew = false;
  await using t = await testJobstream(
    handling(({ waitFor, step }) =>
      isNew ? step('approval', () => 'approved by itself') : waitFor('approval', 'approved', { timeout: '3d' }),
    ),
  );
  const job = await t.enqueue(order, { amount: 5 });
  await t.drain();
  isNew = true;
  await t.advance('3d');
  expect(await t.job(job)).toMatchObject({ status: 'failed', error: { code: 'STEP_MISUSED' } });
});
