import { defineJob, enqueueIn, once, PayloadError, type SqlTransaction } from '@jobstream/client';
import { installOutbox, outboxStatus } from '@jobstream/outbox';
import { createDatabase, queryDatabase, startFailingStatements, startPgbouncer } from '@jobstream/test-support';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type InTransaction, libraries } from './transactions.ts';

const confirmation = defineJob('confirmation', {
  payload: z.object({ orderId: z.int() }),
  maxAttempts: 3,
  tags: ['shop'],
});

/** Each library needs one connection at a time; two tell whether it expects the same one again. */
const pooler = await startPgbouncer([await createDatabase()], 2);
afterAll(() => pooler?.[Symbol.asyncDispose]());

let url: string;
beforeAll(async () => {
  url = await createDatabase();
  await installOutbox(url);
});
beforeEach(() => queryDatabase(url, 'TRUNCATE jobstream.outbox_0, jobstream.done_once'));

const waiting = () =>
  queryDatabase(url, 'SELECT id, type, payload, options FROM jobstream.outbox_0 ORDER BY enqueued_at');

const ways: [string, InTransaction][] = Object.entries(libraries);
if (pooler !== undefined) {
  for (const [name, inTransaction] of Object.entries(libraries)) {
    ways.push([`${name} through PgBouncer`, (direct, work) => inTransaction(pooler.through(direct), work)]);
  }
}

describe.each(ways)('in a transaction of %s', (_name, inTransaction) => {
  test('a job is enqueued with the defaults of its definition, and with one that is rolled back not', async () => {
    const unique = { by: ['payload.orderId'], while: 'waiting' } as const;
    const options = { idempotencyKey: 'order-17', maxAttempts: 7, unique };
    const id = await inTransaction(url, (tx) => enqueueIn(tx, confirmation, { orderId: 17 }, options));
    expect(await waiting()).toEqual([
      { id, type: 'confirmation', payload: { orderId: 17 }, options: { maxAttempts: 7, tags: ['shop'], unique } },
    ]);
    const failed = inTransaction(url, async (tx) => {
      await enqueueIn(tx, confirmation, { orderId: 18 });
      throw new Error('no stock');
    });
    await expect(failed).rejects.toThrow('no stock');
    expect(await waiting()).toHaveLength(1);
  });

  test('an option that is refused is named, and nothing is enqueued', async () => {
    const refused = inTransaction(url, (tx) => enqueueIn(tx, confirmation, { orderId: 1 }, { maxAttempts: 0 }));
    await expect(
      refused.catch((error: Error & { cause?: Error }) => `${error.message} ${error.cause?.message}`),
    ).resolves.toContain('jobstream: maxAttempts must be an integer from 1 to 1000');
    expect((await outboxStatus(url)).waiting).toBe(0);
  });

  test('work is done once for a job and its step, and returns the same again', async () => {
    let runs = 0;
    const work = () => Promise.resolve({ run: (runs += 1) });
    const pay = (step?: string) =>
      inTransaction(url, (tx) => {
        return once(tx, { job: { id: 'job-1' } }, work, step === undefined ? {} : { step });
      });
    expect([await pay(), await pay(), await pay('refund'), await pay('refund')]).toEqual([
      { run: 1 },
      { run: 1 },
      { run: 2 },
      { run: 2 },
    ]);
  });
});

const { pg: inTransaction } = libraries as { readonly pg: (typeof libraries)[string] };

test('work that is rolled back counts as not done', async () => {
  const failing = inTransaction(url, (tx) =>
    once(tx, { job: { id: 'job-1' } }, () => Promise.reject(new Error('card declined'))),
  );
  await expect(failing).rejects.toThrow('card declined');
  expect(await inTransaction(url, (tx) => once(tx, { job: { id: 'job-1' } }, () => Promise.resolve('paid')))).toBe(
    'paid',
  );
});

test('two runs at the same time do the work once', async () => {
  let runs = 0;
  const run = () =>
    inTransaction(url, (tx) =>
      once(tx, { job: { id: 'job-1' } }, async () => {
        runs += 1;
        await queryDatabase(url, 'SELECT 1');
      }),
    );
  await Promise.all([run(), run(), run()]);
  expect(runs).toBe(1);
});

test('work counts as done only when the note of it is written, whatever fails', async () => {
  await using failing = await startFailingStatements(url);
  const failed = await failing.failEach(() =>
    inTransaction(failing.url, (tx) => once(tx, { job: { id: 'job-1' } }, () => Promise.resolve('paid'))),
  );
  expect(failed).toContainEqual(expect.stringContaining('finish_once'));
});

test('what was done long ago can be pruned', async () => {
  await inTransaction(url, (tx) => once(tx, { job: { id: 'job-1' } }, () => Promise.resolve()));
  const prune = (age: string) => queryDatabase(url, 'SELECT jobstream.prune_once($1)::int AS pruned', [age]);
  expect(await prune('1 day')).toEqual([{ pruned: 0 }]);
  await queryDatabase(url, "UPDATE jobstream.done_once SET done_at = now() - interval '2 days'");
  expect(await prune('1 day')).toEqual([{ pruned: 1 }]);
});

test('a payload that does not fit is refused before anything is run', async () => {
  const neverRun: SqlTransaction = { query: () => Promise.reject(new Error('nothing may be run')) };
  await expect(enqueueIn(neverRun, confirmation, { orderId: 1.5 })).rejects.toThrow(PayloadError);
});

test('what is no transaction is refused with a sentence', async () => {
  const none = {} as SqlTransaction;
  await expect(enqueueIn(none, confirmation, { orderId: 1 })).rejects.toThrow('expected a transaction that can run');
});
