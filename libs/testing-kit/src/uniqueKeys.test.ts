import { ConflictError, defineJob, InvalidRequestError } from '@jobstream/client';
import type { HandlerRegistrar } from '@jobstream/worker';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { testJobstream } from './index.ts';

const sync = defineJob('sync', { payload: z.object({ userId: z.int(), at: z.string().optional() }), maxAttempts: 1 });
const unique = { by: ['payload.userId'] } as const;
const handlers = (worker: HandlerRegistrar) =>
  worker.handle(sync, ({ at }) => {
    if (at === 'never') throw new Error('no');
  });

test('a unique job is returned again until it has ended', async () => {
  await using t = await testJobstream({ handlers });
  const enqueue = () => t.enqueue(sync, { userId: 1 }, { unique });
  const [first, same] = await Promise.all([enqueue(), enqueue()]);
  expect(first).not.toHaveProperty('existing');
  expect(same).toMatchObject({ id: first.id, existing: true });
  expect(await t.job(first)).toMatchObject({ unique: { ...unique, while: 'unfinished' } });
  expect(await t.enqueue(sync, { userId: 2 }, { unique })).not.toHaveProperty('existing');
  await t.drain();
  expect(await t.enqueue(sync, { userId: 1 }, { unique })).not.toHaveProperty('existing');
  expect(await t.jobs()).toHaveLength(3);
});

test('one that is unique while it waits is, until its first start', async () => {
  await using t = await testJobstream({ handlers });
  const rule = { ...unique, while: 'waiting' } as const;
  const first = await t.enqueue(sync, { userId: 1 }, { unique: rule, delayMs: 60_000 });
  expect(await t.enqueue(sync, { userId: 1 }, { unique: rule })).toMatchObject({ id: first.id, existing: true });
  await t.advance('1m');
  expect(await t.enqueue(sync, { userId: 1 }, { unique: rule })).not.toHaveProperty('existing');
});

test('one that has not started gets the payload of a later request, and if it is debounced its time', async () => {
  const seen: unknown[] = [];
  await using t = await testJobstream({
    handlers: (worker) => worker.handle(sync, (payload) => void seen.push(payload)),
  });
  const enqueue = (at: string, onConflict: 'replace' | 'debounce') =>
    t.enqueue(sync, { userId: 1, at }, { unique: { ...unique, onConflict }, delayMs: 60_000 });
  const first = await enqueue('first', 'debounce');
  await t.advance('30s');
  expect(await enqueue('second', 'debounce')).toMatchObject({ id: first.id, existing: true, revised: true });
  await t.advance('30s');
  expect(await enqueue('third', 'replace')).toMatchObject({ id: first.id, existing: true, revised: true });
  expect(seen).toEqual([]);
  await t.advance('30s');
  expect(seen).toEqual([{ userId: 1, at: 'third' }]);
});

test('one that was put back to work with its steps keeps its payload, which these belong to', async () => {
  const seen: unknown[] = [];
  await using t = await testJobstream({
    handlers: (worker) =>
      worker.handle(sync, async (payload, { step }) => {
        await step('look', () => seen.push(payload));
        if (seen.push(payload) === 2) throw new Error('no');
      }),
  });
  const enqueue = (at: string) => t.enqueue(sync, { userId: 1, at }, { unique: { ...unique, onConflict: 'replace' } });
  const first = await enqueue('first');
  await t.drain();
  await t.retry(first);
  const later = await enqueue('later');
  expect(later).toMatchObject({ id: first.id, existing: true });
  expect(later).not.toHaveProperty('revised');
  await t.drain();
  expect(seen).toEqual(Array.from({ length: 3 }, () => ({ userId: 1, at: 'first' })));
});

test('one that is unique for some time is, until the clock has moved on', async () => {
  await using t = await testJobstream({ handlers });
  const rule = { ...unique, forMs: 3_600_000 };
  const first = await t.enqueue(sync, { userId: 1 }, { unique: rule });
  await t.advance('59m');
  const same = await t.enqueue(sync, { userId: 1 }, { unique: rule });
  expect(same).toMatchObject({ id: first.id, existing: true, status: 'completed' });
  await t.advance('1m');
  expect(await t.enqueue(sync, { userId: 1 }, { unique: rule })).not.toHaveProperty('existing');
});

test('a retry takes the key again, and is a conflict while another job holds it', async () => {
  await using t = await testJobstream({ handlers });
  const failed = await t.enqueue(sync, { userId: 1, at: 'never' }, { unique });
  await t.drain();
  const holder = await t.enqueue(sync, { userId: 1 }, { unique });
  const refused = await t.retry(failed, { payload: { userId: 1 } }).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(ConflictError);
  expect(refused).toMatchObject({ code: 'unique-key-held', message: expect.stringContaining(holder.id) });
  expect(await t.job(failed)).toMatchObject({ payload: { at: 'never' } });
  await t.drain();
  await t.retry(failed);
  expect(await t.enqueue(sync, { userId: 1 }, { unique })).toMatchObject({ id: failed.id, existing: true });
  await t.drain();
  const rerun = await t.rerun(failed);
  expect(await t.rerun(failed)).toMatchObject({ id: rerun.id, existing: true });
});

test('with an idempotency key the own job is found first, and does not take the key of another', async () => {
  await using t = await testJobstream({ handlers });
  const own = { unique, idempotencyKey: 'own' };
  const first = await t.enqueue(sync, { userId: 1 }, own);
  await t.drain();
  const other = await t.enqueue(sync, { userId: 1 }, { unique });
  const again = await t.enqueue(sync, { userId: 1 }, own);
  expect(again.id).toBe(first.id);
  expect(again).not.toHaveProperty('existing');
  expect(await t.enqueue(sync, { userId: 1 }, { unique })).toMatchObject({ id: other.id, existing: true });
});

test('a tick of a schedule makes no job while another holds the key', async () => {
  await using t = await testJobstream({ handlers });
  await t.schedule(sync, { userId: 1 }, { cron: '@every 20m', unique: { ...unique, forMs: 3_600_000 } });
  await t.advance('2h');
  expect(await t.jobs(sync)).toHaveLength(2);
});

test.each([
  [{ by: ['userId'] }, /^invalid job: \/unique /],
  [{ by: ['payload.userld'] }, /^invalid job: \/unique\/by\/0 the payload has no userld$/],
  [{ by: ['type'], forMs: 1 }, /^invalid job: \/unique /],
])('a rule that the API would refuse is refused: %j', async (rule, message) => {
  await using t = await testJobstream({ handlers });
  const refused = t.enqueue(sync, { userId: 1 }, { unique: rule });
  await expect(refused).rejects.toThrow(InvalidRequestError);
  await expect(refused).rejects.toThrow(message);
});

test('a retry with a payload that would make another key is a conflict', async () => {
  await using t = await testJobstream({ handlers });
  const failed = await t.enqueue(sync, { userId: 1, at: 'never' }, { unique });
  await t.drain();
  const refused = t.retry(failed, { payload: { userId: 2 } });
  await expect(refused).rejects.toThrow(/made of payload\.userId, which must stay as it is: rerun the job instead/);
  expect(await t.job(failed)).toMatchObject({ status: 'failed', payload: { userId: 1 } });
});
