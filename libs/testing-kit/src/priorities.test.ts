import { ConflictError, defineJob, InvalidRequestError, type Priority } from '@jobstream/client';
import type { HandlerRegistrar } from '@jobstream/worker';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { testJobstream } from './index.ts';

const mail = defineJob('mail', { payload: z.object({ to: z.string() }), maxAttempts: 1 });

/** Notes which jobs were run, in their order. */
function mailServer() {
  const sent: string[] = [];
  const handlers = (worker: HandlerRegistrar) =>
    worker.handle(mail, ({ to }) => {
      sent.push(to);
      if (to === 'nobody') throw new Error('no');
    });
  return { sent, options: { handlers, concurrency: 1 } };
}

const PRIORITIES = ['low', 'normal', 'high'] as const;

test('jobs of higher priority start first', async () => {
  const { sent, options } = mailServer();
  await using t = await testJobstream(options);
  for (const priority of PRIORITIES) await t.enqueue(mail, { to: priority }, { priority });
  expect((await t.jobs()).map(({ priority }) => priority)).toEqual(['low', undefined, 'high']);
  await t.drain();
  expect(sent).toEqual(['high', 'normal', 'low']);
});

test('while more wait than can run, those of lower priority start as well', async () => {
  const { sent, options } = mailServer();
  await using t = await testJobstream(options);
  for (const priority of PRIORITIES)
    for (let jobs = 0; jobs < 21; jobs++) await t.enqueue(mail, { to: priority }, { priority });
  await t.drain();
  const share = (priority: Priority) => sent.slice(0, 21).filter((one) => one === priority).length;
  expect({ high: share('high'), normal: share('normal'), low: share('low') }).toEqual({ high: 16, normal: 4, low: 1 });
  expect(sent).toHaveLength(63);
});

describe('another priority', () => {
  test('makes a job that waits start before others, once', async () => {
    const { sent, options } = mailServer();
    await using t = await testJobstream(options);
    const [first, second] = [await t.enqueue(mail, { to: 'first' }), await t.enqueue(mail, { to: 'second' })];
    await t.changePriority(second, 'high', { reason: 'the customer waits' });
    await t.changePriority(second, 'high');
    await t.changePriority(first.id, 'low');
    await t.expectJob(second).toMatch({ priority: 'high', status: 'pending' });
    await t.enqueue(mail, { to: 'third' });
    await t.drain();
    expect(sent).toEqual(['second', 'third', 'first']);
    await t.expectJob(second).toHaveEvents(['JobCreated', 'JobPriorityChanged', 'JobStarted 1', 'JobCompleted 1']);
    expect((await t.events(second))[1]).toMatchObject({ data: { priority: 'high', reason: 'the customer waits' } });
  });

  test('leaves a job that is delayed to its time', async () => {
    const { sent, options } = mailServer();
    await using t = await testJobstream(options);
    const job = await t.enqueue(mail, { to: 'late' }, { delayMs: 60_000, priority: 'low' });
    await t.drain();
    await t.changePriority(job, 'normal');
    expect(await t.job(job)).not.toHaveProperty('priority');
    await t.advance('59s');
    expect(sent).toEqual([]);
    await t.advance('1s');
    expect(sent).toEqual(['late']);
  });

  test('is refused for a job that does not wait, and for one that does not exist', async () => {
    await using t = await testJobstream(mailServer().options);
    const job = await t.enqueue(mail, { to: 'done' });
    await t.drain();
    const refused = t.changePriority(job, 'high');
    await expect(refused).rejects.toThrow(ConflictError);
    await expect(refused).rejects.toThrow('is completed: only a job that waits can be given another priority');
    await expect(t.changePriority('0', 'high')).rejects.toThrow('there is no job 0');
  });
});

test('a job keeps its priority when it is run now, put back to work and repeated', async () => {
  const { sent, options } = mailServer();
  await using t = await testJobstream(options);
  const job = await t.enqueue(mail, { to: 'nobody' }, { priority: 'high', delayMs: 60_000 });
  await t.drain();
  const other = await t.enqueue(mail, { to: 'other' });
  await t.runNow(job);
  await t.drain();
  expect(sent).toEqual(['nobody', 'other']);
  await t.retry(job, { payload: { to: 'somebody' } });
  await t.expectJob(job).toMatch({ status: 'pending', priority: 'high' });
  await t.rerun(other, { priority: 'low' });
  await t.drain();
  await t.rerun(job);
  expect((await t.jobs()).map(({ priority }) => priority)).toEqual(['high', undefined, 'low', 'high']);
  const normal = await t.rerun(job, { priority: 'normal' });
  expect(await t.job(normal)).not.toHaveProperty('priority');
});

test('the jobs of a schedule have its priority', async () => {
  const { options } = mailServer();
  await using t = await testJobstream(options);
  await t.schedule(mail, { to: 'all' }, { cron: '@hourly', priority: 'low' });
  await t.advance('1h');
  expect(await t.jobs(mail)).toMatchObject([{ priority: 'low', status: 'completed' }]);
});

test.each([['urgent'], [1], [null], ['High']])('the priority %j is refused', async (unknown) => {
  await using t = await testJobstream(mailServer().options);
  const priority = unknown as Priority;
  const job = await t.enqueue(mail, { to: 'first' });
  const refusals = await Promise.allSettled([
    t.enqueue(mail, { to: 'second' }, { priority }),
    t.schedule(mail, { to: 'all' }, { cron: '@hourly', priority }),
    t.changePriority(job, priority),
  ]);
  for (const refusal of refusals) {
    expect(refusal).toMatchObject({ reason: { problem: { errors: [{ pointer: '/priority' }] } } });
    expect(refusal).toHaveProperty('reason', expect.any(InvalidRequestError));
  }
  expect(await t.jobs()).toHaveLength(1);
});
