import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defineJob } from '@jobstream/client';
import { testJobstream } from '@jobstream/testing';
import { RetryAfterError, UnrecoverableError, type HandlerRegistrar } from '@jobstream/worker';
import { z } from 'zod';

const [MINUTE_MS, HOUR_MS, DAY_MS] = [60_000, 3_600_000, 86_400_000];
const user = z.object({ user: z.string() });

// The job types of a shop: what fails and waits here is a handler's dependency in real life.
const welcome = defineJob('welcome', { payload: user });
const reminder = defineJob('reminder', { payload: user });
const charge = defineJob('charge', { payload: user, maxAttempts: 5, backoff: { type: 'fixed', delayMs: DAY_MS } });
const refund = defineJob('refund', { payload: user });
const receipt = defineJob('receipt', { payload: user });
const parcel = defineJob('parcel', {
  payload: user,
  maxAttempts: 8,
  backoff: { type: 'exponential', delayMs: HOUR_MS, maxDelayMs: DAY_MS },
});
const exported = defineJob('export', { payload: user, maxAttempts: 2, timeoutMs: MINUTE_MS });
const rating = defineJob('rating', { payload: user });
const report = defineJob('report', { payload: z.object({}) });
const cleanup = defineJob('cleanup', { payload: z.object({}) });

const failFor = (attempts: number) => (_payload: unknown, context: { readonly attempt: number }) => {
  if (context.attempt <= attempts) throw new Error(`attempt ${context.attempt} failed`);
  return context.attempt;
};

/** A shop's handlers; what they do is noted in `done`. */
function registerShop(worker: HandlerRegistrar, done: string[]): void {
  const note = (type: string) => () => void done.push(type);
  worker
    .handle(welcome, note('welcome'))
    .handle(reminder, note('reminder'))
    .handle(charge, failFor(2))
    .handle(refund, () => {
      throw new UnrecoverableError('there is no such payment');
    })
    .handle(receipt, (_payload, { attempt }) => {
      if (attempt === 1) throw new RetryAfterError('the printer is warming up', 90_000);
    })
    .handle(parcel, failFor(4))
    .handle(exported, () => new Promise<never>(() => undefined))
    .handle(rating, note('rating'))
    .handle(report, note('report'))
    .handle(cleanup, note('cleanup'));
}

test('a week of a shop: retries, delays, time-outs, a crash and schedules', async (context) => {
  const done: string[] = [];
  const t = await testJobstream({
    handlers: (worker) => registerShop(worker, done),
    startAt: '2026-06-01T00:00:00Z', // a Monday
    patienceMs: 20,
  });
  context.after(() => t.stop());
  await t.schedule(report, {}, { cron: '0 6 * * 1-5', timeZone: 'Europe/Berlin' });
  await t.schedule(cleanup, {}, { cron: '@every 12h' });
  const ada = { user: 'Ada' };
  const jobs = {
    welcome: await t.enqueue(welcome, ada),
    reminder: await t.enqueue(reminder, ada, { delayMs: 3 * DAY_MS }),
    charge: await t.enqueue(charge, ada),
    refund: await t.enqueue(refund, ada),
    receipt: await t.enqueue(receipt, ada),
    parcel: await t.enqueue(parcel, ada),
    exported: await t.enqueue(exported, ada),
    rating: await t.enqueue(rating, ada, { runAt: '2026-06-07T18:00:00Z' }),
  };
  await t.advance('2d');
  t.crashWorker('before JobCompleted'); // at the next job: the report of Wednesday
  await t.advance('5d');

  await t.expectJob(jobs.welcome).toMatch({ status: 'completed', attempt: 1 });
  await t.expectJob(jobs.reminder).toMatch({ status: 'completed', finishedAt: '2026-06-04T00:00:00.000Z' });
  await t.expectJob(jobs.charge).toMatch({ status: 'completed', result: 3, attempt: 3 });
  await t.expectJob(jobs.refund).toMatch({ status: 'failed', attempt: 1 });
  await t.expectJob(jobs.receipt).toMatch({ status: 'completed', attempt: 2 });
  await t.expectJob(jobs.parcel).toMatch({ status: 'completed', result: 5 });
  await t.expectJob(jobs.exported).toMatch({ status: 'failed', attempt: 2, error: { code: 'ATTEMPT_TIMEOUT' } });
  await t.expectJob(jobs.rating).toMatch({ status: 'completed', finishedAt: '2026-06-07T18:00:00.000Z' });
  const [reports, cleanups] = [await t.jobs(report), await t.jobs(cleanup)];
  assert.deepEqual(
    reports.map(({ attempt }) => attempt),
    [1, 1, 2, 1, 1],
  );
  assert.ok(cleanups.every(({ status }) => status === 'completed'));
  assert.deepEqual([done.filter((type) => type === 'report').length, cleanups.length], [6, 14]);
});
