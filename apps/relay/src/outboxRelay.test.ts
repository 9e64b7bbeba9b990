import { creationEvent, identityOfKey } from '@jobstream/creation';
import { fold, type Job, type JobEvent, type JobEventOf } from '@jobstream/domain';
import { eventually } from '@jobstream/test-support';
import { Outbox, retryJobs } from '@jobstream/outbox';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLogger } from '@jobstream/runtime';
import { RelayStage } from '../testing/relayStage.ts';

let stage: RelayStage;
beforeEach(async () => {
  stage = await RelayStage.open();
});
afterEach(() => stage[Symbol.asyncDispose]());

const rejected = () => stage.query('SELECT id, reason FROM jobstream.outbox_rejected');

/** The event of `POST /api/jobs` with this body and key. */
function eventOfApi(key: string, body: { readonly type: string; readonly payload?: unknown }): JobEvent {
  const context = { eventId: 'by the API', at: new Date().toISOString(), actor: { kind: 'api', id: 'test' } } as const;
  return creationEvent({ request: body, identity: identityOfKey(key, body), context });
}

test('a job is created as the API would create it, with the id that the caller has', async () => {
  await using _ = await stage.startRelay();
  const options = { runAt: '2026-01-31T10:30:00+01:00', maxAttempts: 3, tags: ['a'], backoff: { type: 'fixed' } };
  const id = await stage.enqueue('email', { to: 'a' }, options);
  await stage.untilDrained();
  const [event] = await stage.created();
  expect(event?.actor).toEqual({ kind: 'api', id: 'outbox' });
  expect(event && fold([event])).toMatchObject({
    id,
    type: 'email',
    payload: { to: 'a' },
    maxAttempts: 3,
    tags: ['a'],
    backoff: { type: 'fixed', delayMs: 1_000 },
    timeoutMs: 3_600_000,
    runAt: '2026-01-31T09:30:00.000Z',
  });
});

test('a job of a tenant with a key has the id and the digest of the API', async () => {
  await stage.query("INSERT INTO jobstream.tenants VALUES (session_user, 'acme')");
  await stage.enqueue('email', { to: 'a' }, { idempotencyKey: 'order-1' });
  await using _ = await stage.startRelay();
  await stage.untilDrained();
  const body = { type: 'email', payload: { to: 'a' } };
  const context = {
    eventId: 'e',
    at: new Date().toISOString(),
    actor: { kind: 'api', id: 'x' },
    tenant: 'acme',
  } as const;
  const { jobId, tenant, data } = creationEvent({
    request: body,
    identity: identityOfKey('order-1', body),
    context,
  }) as JobEventOf<'JobCreated'>;
  const { idempotencyKey, fingerprint } = data;
  expect(await stage.created()).toMatchObject([{ jobId, tenant, data: { idempotencyKey, fingerprint } }]);
});

test('a job that the API has created under the same key and body is not created again', async () => {
  await stage.log.append(eventOfApi('k', { type: 'email', payload: { a: 1, b: 2 } }), 0);
  await stage.enqueue('email', { b: 2, a: 1 }, { idempotencyKey: 'k' });
  await using _ = await stage.startRelay();
  await stage.untilDrained();
  expect(await stage.created()).toHaveLength(1);
  expect(await rejected()).toEqual([]);
});

test('a key that belongs to another body is rejected with the reason', async () => {
  await stage.log.append(eventOfApi('k', { type: 'email', payload: 1 }), 0);
  const id = await stage.enqueue('email', 2, { idempotencyKey: 'k' });
  await using _ = await stage.startRelay();
  await stage.untilDrained();
  expect(await rejected()).toEqual([{ id, reason: 'idempotencyKey belongs to a job with another body' }]);
  expect(await stage.metrics.text()).toMatch(/relayed_jobs_total\{outbox="[^"]+",outcome="rejected"\} 1/);
});

test('a row that is no job is rejected, and the others are relayed', async () => {
  await stage.query(`INSERT INTO jobstream.outbox_2 VALUES (gen_random_uuid(), now(), 'No Type', '1')`);
  const id = await stage.enqueue('email');
  await using _ = await stage.startRelay();
  await stage.untilDrained();
  expect(await rejected()).toMatchObject([{ reason: expect.stringContaining('job type') }]);
  expect(await stage.created()).toMatchObject([{ jobId: id }]);
});

test(
  'a claim whose transaction is lost after its appends is repeated without a second job',
  { tags: ['exact'] },
  async () => {
    const id = await stage.enqueue('email');
    const outbox = new Outbox({ url: stage.url });
    const append = outbox.claim({ table: 0, after: '(0,0)', most: 10, mostBytes: 1_000 }, async ([row]) => {
      if (row === undefined) throw new Error('nothing to claim');
      await stage.log.append({ ...eventOfApi('k', { type: 'email' }), jobId: id }, 0);
      throw new Error('killed before the commit');
    });
    await expect(append).rejects.toThrow('killed before the commit');
    await outbox.close();
    await using _ = await stage.startRelay();
    await stage.untilDrained();
    expect(await stage.created()).toHaveLength(1);
  },
);

test('a row that fails alone is deferred, keeps none of the others, and is relayed once it can be', async () => {
  let isBroken = true;
  const log = stage.logWith((event) => {
    if (isBroken && event.jobType === 'broken') throw new TypeError('a fault of the relay');
    return undefined;
  });
  const id = await stage.enqueue('broken', { to: 'a' }, { idempotencyKey: 'k', maxAttempts: 3 });
  await stage.query("SELECT jobstream.enqueue('email', to_jsonb(i)) FROM generate_series(1, 600) AS i");
  const logger = createLogger({ service: 'test', level: 'silent' });
  const error = vi.spyOn(logger, 'error');
  await using _ = await stage.startRelay({ log, logger });
  await stage.untilDrained();
  const deferred = 'SELECT id, reason FROM jobstream.outbox_deferred WHERE attempts > 1';
  await eventually(async () => expect(await stage.query(deferred)).toEqual([{ id, reason: 'a fault of the relay' }]));
  expect(await stage.metrics.text()).toMatch(/relayed_jobs_total\{outbox="[^"]+",outcome="deferred"\} [2-9]/);
  expect(error.mock.calls).toEqual([
    [
      { outbox: expect.any(String), jobId: id, jobType: 'broken', attempts: 1, reason: 'a fault of the relay' },
      'row of the outbox deferred',
    ],
  ]);
  isBroken = false;
  expect(await retryJobs(stage.url, [id])).toBe(1);
  await eventually(async () => expect(await stage.query('SELECT FROM jobstream.outbox_deferred')).toEqual([]));
  const created = await stage.created();
  expect(created).toHaveLength(601);
  expect(created.at(-1)).toMatchObject({ jobId: id, data: { payload: { to: 'a' }, maxAttempts: 3 } });
});

test('a row that comes back after the log has lost its job creates none, whatever the settings of the relay are', async () => {
  const jobs = new Map<string, Job>();
  for (const options of [{}, { idempotencyKey: 'k' }]) {
    await stage.enqueue('email', 1, options);
  }
  const rows = 'CREATE TABLE public.rows AS SELECT * FROM jobstream.outbox_0';
  await stage.query(rows);
  {
    await using _ = await stage.startRelay();
    await stage.untilDrained();
  }
  for (const event of await stage.created()) {
    const job = fold([event]);
    if (job !== undefined) jobs.set(job.id, job);
  }
  await stage.log.prefix.purgeBefore((await stage.log.lastSequence()) + 1);
  await stage.query('INSERT INTO jobstream.outbox_0 SELECT * FROM public.rows');
  const table = { findJob: (id: string) => Promise.resolve(jobs.has(id) ? { job: jobs.get(id) as Job } : undefined) };
  await using _ = await stage.startRelay({ table });
  await stage.untilDrained();
  expect(await stage.log.lastSequence()).toBe(2);
  expect(await stage.metrics.text()).toMatch(/outcome="repeated"\} 2/);
});

test('an outbox of an earlier release is relayed from, and the log of the relay names the upgrade', async () => {
  await stage.query('DROP FUNCTION jobstream.claim_jobs, jobstream.settle_jobs, jobstream.outbox_report');
  await stage.query(
    'CREATE OR REPLACE FUNCTION jobstream.outbox_status() RETURNS TABLE (waiting bigint, oldest timestamptz, rejected bigint, bytes bigint) LANGUAGE sql AS $$ SELECT 0, now(), 0, 0 $$',
  );
  const logger = createLogger({ service: 'test', level: 'silent' });
  const warn = vi.spyOn(logger, 'warn');
  await using _ = await stage.startRelay({ logger });
  const id = await stage.enqueue('email');
  await eventually(async () => expect(await stage.created()).toMatchObject([{ jobId: id }]));
  const messages = warn.mock.calls.map(([, message]) => String(message));
  expect(messages).toContain('outbox is of an earlier release: run the command outbox install');
});

test('three relays at once create each of 3,000 jobs once, and the tables are empty at the end', async () => {
  await stage.query("SELECT jobstream.enqueue('email', to_jsonb(i)) FROM generate_series(1, 3000) AS i");
  await using _1 = await stage.startRelay();
  await using _2 = await stage.startRelay();
  await using _3 = await stage.startRelay();
  await stage.untilDrained();
  const created = await stage.created();
  expect(created).toHaveLength(3_000);
  expect(new Set(created.map(({ jobId }) => jobId)).size).toBe(3_000);
});

test('rows wait while the log is unavailable, and are relayed when it is back', async () => {
  await using _ = await stage.startRelay();
  await stage.nats.kill();
  const id = await stage.enqueue('email');
  await eventually(async () => expect(await stage.metrics.text()).toMatch(/outbox_waiting_jobs\{[^}]+\} 1/));
  await stage.nats.restart();
  await stage.untilDrained();
  expect(await stage.created()).toMatchObject([{ jobId: id }]);
});

test('a job gets the settings of its definition, and a repeated row is the same though that has changed', async () => {
  await stage.log.announcements.openRegistry();
  const announce = async (worker: string, startedAt: string, maxAttempts: number) => {
    const self = { worker, host: 'h', startedAt, limits: { concurrency: 1 } };
    await stage.log.announcements.announceType({ ...self, type: 'report', defaults: { maxAttempts } });
    const expected = { worker, defaults: { maxAttempts } };
    await eventually(async () => expect(await stage.log.announcements.definitionOf('report')).toMatchObject(expected));
  };
  await announce('first', '2026-01-01T00:00:00.000Z', 4);
  await using _ = await stage.startRelay();
  const id = await stage.enqueue('report', null, { idempotencyKey: 'order-1' });
  await stage.enqueue('report', null, { maxAttempts: 2 });
  await stage.untilDrained();
  await announce('second', '2026-02-01T00:00:00.000Z', 9);
  expect(await stage.enqueue('report', null, { idempotencyKey: 'order-1' })).toBe(id);
  await stage.untilDrained();
  expect(await rejected()).toEqual([]);
  const created = await stage.created();
  expect(created).toHaveLength(2);
  const byDefinition = { settings: ['maxAttempts'], worker: 'first' };
  expect(created.find(({ jobId }) => jobId === id)?.data).toMatchObject({ maxAttempts: 4, byDefinition });
  const other = created.find(({ jobId }) => jobId !== id)?.data;
  expect(other).toMatchObject({ maxAttempts: 2 });
  expect(other).not.toHaveProperty('byDefinition');
});
