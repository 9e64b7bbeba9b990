import { rm } from 'node:fs/promises';
import {
  AccessDeniedError,
  ConflictError,
  defineJob,
  InvalidRequestError,
  JobstreamClient,
  NotFoundError,
  type Job,
  type JobEvent,
} from '@jobstream/client';
import {
  createDatabase,
  eventually,
  type RunningSystem,
  scratchDataFolder,
  startSystem,
} from '@jobstream/test-support';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createApiKey } from '../harness/runProgram.ts';

let dataDir: string;
let system: RunningSystem;
let key: string;
let client: JobstreamClient;

beforeAll(async () => {
  dataDir = await scratchDataFolder('client');
  system = await startSystem(dataDir, { AUTH: 'required', DATABASE_URL: await createDatabase() });
  key = await createApiKey(system.postgres, 'admin');
  client = new JobstreamClient({ url: system.api, credentials: key, jobWarnings: false });
});

afterAll(async () => {
  await system.stop();
  await rm(dataDir, { recursive: true, force: true });
});

const sleep = (durationMs: number, more = {}) => ({ type: 'sleep', payload: { durationMs, ...more } });

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const list: Item[] = [];
  for await (const item of items) list.push(item);
  return list;
}

const namesOf = (events: readonly JobEvent[]) => events.map(({ event }) => event);

/** Postgres follows the log: what was created is in lists a moment later. */
const listed = (filter: Parameters<typeof client.jobs.list>[0], count: number) =>
  eventually(async () => {
    const jobs = await all(client.jobs.list(filter));
    expect(jobs).toHaveLength(count);
    return jobs;
  });

describe('a job', () => {
  test('is created, awaited, and has a history', async () => {
    const created = await client.jobs.create({ type: 'email', payload: { to: 'user@example.com' } });
    expect(created).toMatchObject({ type: 'email', status: 'pending', version: 1 });
    const job = await client.jobs.waitForCompletion(created.id);
    expect(job).toMatchObject({ id: created.id, status: 'completed', result: { accepted: ['user@example.com'] } });
    expect(namesOf(await client.jobs.history(job.id))).toEqual(['JobCreated', 'JobStarted', 'JobCompleted']);
    expect(await client.jobs.get(job.id, { minVersion: 3 })).toEqual(job);
    const [first] = await client.jobs.history(job.id);
    expect(await client.jobs.get(job.id, { asOf: first?.sequence ?? 0 })).toMatchObject({ status: 'pending' });
  });

  test('is the same for the same key, and another body is refused', async () => {
    const idempotencyKey = 'order-4711';
    const { id } = await client.jobs.create(sleep(1), { idempotencyKey });
    expect(await client.jobs.create(sleep(1), { idempotencyKey })).toMatchObject({ id });
    await expect(client.jobs.create(sleep(2), { idempotencyKey })).rejects.toMatchObject({
      name: 'InvalidRequestError',
      code: 'idempotency-key-reused',
      status: 422,
    });
    expect((await client.jobs.create(sleep(1))).id).not.toBe(id);
  });

  test('that is unique is the answer to further creations, and a retry is a conflict while another holds its key', async () => {
    const account = defineJob('sync', { payload: z.object({ userId: z.string() }) });
    const unique = { by: ['payload.userId'] };
    const first = await client.enqueue(account, { userId: 'u-1' }, { unique });
    expect(first).not.toHaveProperty('existing');
    const job = { type: 'sync', payload: { userId: 'u-1', again: true }, unique };
    expect(await client.jobs.create(job)).toMatchObject({ id: first.id, existing: true });
    const batch = await client.jobs.createBatch([job, { type: 'sync' }]);
    expect(batch.map(({ existing }) => existing)).toEqual([true, undefined]);
    expect(await client.jobs.get(first.id)).toMatchObject({ unique: { ...unique, while: 'unfinished' } });
    await client.jobs.cancel(first.id);
    const second = await client.enqueue(account, { userId: 'u-1' }, { unique });
    expect(second.id).not.toBe(first.id);
    const refused = await client.jobs.retry(first.id).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ConflictError);
    expect(refused).toMatchObject({ code: 'unique-key-held' });
  });

  test('can be followed event by event until it ends', async () => {
    const { id } = await client.jobs.create({
      ...sleep(300, { failTimes: 1 }),
      backoff: { type: 'fixed', delayMs: 10 },
    });
    const events = await all(client.jobs.events(id));
    expect(events).toEqual(await client.jobs.history(id));
    expect(namesOf(events).filter((name) => name !== 'JobProgressed')).toEqual([
      'JobCreated',
      'JobStarted',
      'JobRetryScheduled',
      'JobStarted',
      'JobCompleted',
    ]);
    const after = events[1]?.sequence ?? 0;
    expect(await all(client.jobs.events(id, { after }))).toEqual(events.slice(2));
    expect(await all(client.jobs.events(id, { after: events.at(-1)?.sequence ?? 0 }))).toEqual([]);
  });

  test('can be cancelled and requeued, and a change that its state forbids is a conflict', async () => {
    const { id } = await client.jobs.create({ ...sleep(1), delayMs: 3_600_000 });
    expect(await client.jobs.cancel(id, { reason: 'not needed' })).toMatchObject({ status: 'cancelled' });
    expect(await client.jobs.cancel(id)).toMatchObject({ status: 'cancelled' });
    expect(await client.jobs.retry(id, { reason: 'needed after all' })).toMatchObject({ status: 'pending' });
    await client.jobs.waitForCompletion(id);
    const refused = await client.jobs.retry(id).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ConflictError);
    expect(refused).toMatchObject({ code: 'illegal-transition', status: 409 });
  });
});

describe('many jobs', () => {
  test('are created at once and found page by page', async () => {
    const tags = ['paged'];
    const batch = await client.jobs.createBatch(Array.from({ length: 120 }, () => ({ ...sleep(1), tags })));
    expect(batch).toHaveLength(120);
    const jobs = await listed({ tag: 'paged' }, 120);
    expect(new Set(jobs.map(({ id }) => id))).toEqual(new Set(batch.map(({ id }) => id)));
    const page = await client.jobs.listPage({ tag: 'paged', limit: 20, count: true });
    expect(page).toMatchObject({ total: 120, nextCursor: expect.any(String) });
    expect(page.items).toHaveLength(20);
  });

  test('are cancelled and requeued by a filter', async () => {
    const selection = { tag: 'campaign' };
    const job = { ...sleep(1), tags: ['campaign'], delayMs: 3_600_000 };
    await client.jobs.createBatch([job, job, job]);
    await listed(selection, 3);
    expect(await client.jobs.cancelMany(selection, { dryRun: true })).toMatchObject({ matched: 3, changed: 0 });
    const cancelled = await client.jobs.cancelMany(selection, { reason: 'withdrawn', limit: 10 });
    expect(cancelled).toEqual({ matched: 3, changed: 3, skipped: 0, failed: 0 });
    await listed({ ...selection, status: 'cancelled' }, 3);
    expect(await client.jobs.retryMany({ ...selection, status: 'cancelled' })).toMatchObject({ changed: 3 });
    await expect(client.jobs.cancelMany({})).rejects.toBeInstanceOf(InvalidRequestError);
  });
});

describe('the rest of the API', () => {
  test('a schedule is created, replaced, read and deleted', async () => {
    const job = { type: 'sleep', payload: { durationMs: 1 } };
    const created = await client.schedules.create({ name: 'nightly', cron: '@daily', job });
    expect(created).toMatchObject({ name: 'nightly', timeZone: 'UTC', enabled: true });
    await expect(client.schedules.create({ name: 'nightly', cron: '@daily', job })).rejects.toThrow(ConflictError);
    const next = { name: 'nightly', cron: '@hourly', enabled: false, job };
    const replaced = await client.schedules.replace(next, { ifVersion: created.version });
    await expect(client.schedules.replace(next, { ifVersion: created.version })).rejects.toThrow(ConflictError);
    expect(await client.schedules.get('nightly')).toEqual(replaced);
    expect(await all(client.schedules.list())).toEqual([replaced]);
    await client.schedules.delete('nightly');
    const events = await all(client.schedules.events('nightly'));
    expect(events.map(({ event }) => event)).toEqual(['ScheduleDeleted', 'ScheduleUpdated', 'ScheduleCreated']);
    await expect(client.schedules.get('nightly')).rejects.toThrow(NotFoundError);
  });

  test('a job type is paused and resumed', async () => {
    const until = '2100-01-01T00:00:00.000Z';
    expect(await client.types.pause('webhook', { until })).toMatchObject({ type: 'webhook', paused: true, until });
    expect(await client.types.list()).toContainEqual(expect.objectContaining({ type: 'webhook', paused: true }));
    expect(await client.types.resume('webhook')).toMatchObject({ paused: false });
  });

  test('the statistics count jobs', async () => {
    await client.jobs.create(sleep(1));
    const { jobs, backlog, projector } = await client.stats();
    expect(jobs.total).toBeGreaterThan(0);
    expect(backlog).toHaveProperty('sleep.waiting');
    expect(projector?.lastSequence).toBeGreaterThan(0);
  });

  test('the live feed sends new events that match its filter', async () => {
    const over = new AbortController();
    const feed = client.events({ types: ['sleep'], events: ['JobCreated', 'JobCompleted'], signal: over.signal });
    const seen: JobEvent[] = [];
    const reading = (async () => {
      for await (const event of feed) seen.push(event);
    })();
    let job: Pick<Job, 'id'> | undefined;
    await eventually(async () => {
      job = await client.jobs.create(sleep(1));
      expect(seen.length).toBeGreaterThan(0);
    });
    await client.jobs.create({ type: 'email', payload: { to: 'user@example.com' } });
    const { id = '' } = job ?? {};
    await eventually(() => {
      const own = seen.filter(({ jobId }) => jobId === id);
      expect(namesOf(own)).toEqual(['JobCreated', 'JobCompleted']);
    });
    expect(new Set(seen.map(({ jobType }) => jobType))).toEqual(new Set(['sleep']));
    over.abort(new Error('enough'));
    await expect(reading).rejects.toThrow('enough');
  });
});

describe('a refused request rejects with an error', () => {
  const missing = '00000000-0000-4000-8000-000000000000';

  test('mend the request', async () => {
    const error = await client.jobs.create({ type: 'E-Mail' }).catch((refused: unknown) => refused);
    expect(error).toBeInstanceOf(InvalidRequestError);
    expect(error).toMatchObject({
      code: 'invalid-request',
      status: 422,
      message: expect.stringMatching(/^POST \/api\/jobs: 422 Invalid request: \/type must be a job type/),
      problem: { errors: [{ pointer: '/type' }] },
    });
  });

  test('look for another', async () => {
    await expect(client.jobs.get(missing)).rejects.toBeInstanceOf(NotFoundError);
    await expect(client.jobs.waitForCompletion(missing)).rejects.toBeInstanceOf(NotFoundError);
    await expect(all(client.jobs.events(missing))).rejects.toBeInstanceOf(NotFoundError);
    await expect(client.jobs.get('../stats')).rejects.toBeInstanceOf(NotFoundError);
  });

  test('use other credentials, which may also come from a function', async () => {
    const stranger = new JobstreamClient({ url: system.api });
    await expect(stranger.stats()).rejects.toMatchObject({ name: 'AccessDeniedError', code: 'credentials-required' });
    const reader = new JobstreamClient({
      url: system.api,
      credentials: () => createApiKey(system.postgres, 'jobs:read'),
    });
    expect((await reader.stats()).jobs.total).toBeGreaterThan(0);
    await expect(reader.jobs.create(sleep(1))).rejects.toBeInstanceOf(AccessDeniedError);
  });
});

const statusOf = async (path: string, init: RequestInit) => (await fetch(`${system.api}${path}`, init)).status;

test('with DASHBOARD=false there is no dashboard, no login, and a cookie is no credential', async () => {
  const authorization = `Bearer ${key}`;
  expect(await statusOf('/dashboard', { headers: { authorization } })).toBe(404);
  expect(await statusOf('/dashboard/session', { method: 'POST', headers: { authorization } })).toBe(404);
  expect(await statusOf('/api/jobs', { headers: { cookie: `jobstream=${key}` } })).toBe(401);
});
