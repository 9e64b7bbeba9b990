import { randomBytes, randomUUID } from 'node:crypto';
import type { JobEvent } from '@jobstream/domain';
import type { Delivery } from '@jobstream/eventlog';
import { eventually } from '@jobstream/test-support';
import { beforeAll, describe, expect, test } from 'vitest';
import { announceWorker } from '../../../testing/announceWorker.ts';
import { answerOf, type Answer } from '../../../testing/answerOf.ts';
import { useStage } from '../../../testing/apiStage.ts';
import { carryOut } from '../../../testing/carryOut.ts';
import { projectAll } from '../../../testing/projectAll.ts';
import { startApi } from '../../../testing/startApi.ts';

const stage = useStage({ log: { masterKeys: [{ id: 'test', secret: randomBytes(32) }] } });
const { api } = stage;

beforeAll(async () => {
  await announceWorker(api, { type: 'mail', payloadSchema: { type: 'object', required: ['to'] } });
});

const post = async (path: string, body?: object, headers: Record<string, string> = {}) =>
  answerOf(await api.post(path, body, body === undefined ? { ...headers, 'content-type': '' } : headers));

const get = async (path: string) => (await (await api.fetch(path)).json()) as Answer['body'];
const newJob = async (job: object = {}) =>
  (await post('/api/jobs', { type: 'mail', payload: { to: 'a' }, ...job })).body.id;
const eventsOf = async (id: string) => (await api.log.readHistory(id)).map(({ event }) => event);
const namesOf = async (id: string) => (await eventsOf(id)).map(({ event }) => event).join(' ');

const START = { kind: 'StartAttempt', worker: 'w' } as const;
const failing = (cause: 'error' | 'unrecoverable') =>
  ({ kind: 'FailAttempt', attempt: 1, error: { name: 'E', message: 'no' }, cause, random: 0, durationMs: 1 }) as const;

async function failedJob(job: object = {}): Promise<string> {
  const id = await newJob(job);
  await carryOut(api, id, START, failing('unrecoverable'));
  return id;
}

/** Takes the next wake-up of a job of the type, as a worker would. */
async function takeWakeUp(jobType: string): Promise<Pick<Delivery, 'jobId' | 'dueAt'>> {
  const deliveries: Delivery[] = [];
  const onDelivery = async (delivery: Delivery) => {
    deliveries.push(delivery);
    delivery.ack();
  };
  const queue = await api.log.openQueue({ jobType, concurrency: 1, ackWaitMs: 60_000, onDelivery });
  try {
    const [{ jobId, dueAt }] = await eventually(async () => {
      const wakeUps = deliveries.filter(({ causationId }) => causationId.startsWith('timer:'));
      expect(wakeUps).toHaveLength(1);
      return wakeUps as [Delivery];
    });
    return { jobId, ...(dueAt === undefined ? {} : { dueAt }) };
  } finally {
    await queue.stop();
  }
}

describe('running a job now', () => {
  test('makes a delayed job due, says why and by whom, and calls for work', async () => {
    const id = await newJob({ type: 'report', delayMs: 3_600_000 });
    const { status, body } = await post(`/api/jobs/${id}/run-now`, { reason: 'the customer waits' });
    expect({ status, body }).toMatchObject({ status: 200, body: { id, status: 'scheduled', version: 2 } });
    const [, dueNow] = await eventsOf(id);
    const actor = { kind: 'api', id: 'anonymous' };
    expect(dueNow).toMatchObject({ event: 'JobDueNow', actor, data: { reason: 'the customer waits' } });
    expect(body['runAt']).toBe((dueNow as JobEvent).at);
    expect(await takeWakeUp('report')).toEqual({ jobId: id, dueAt: body['runAt'] });
    await carryOut(api, id, START);
    expect(await namesOf(id)).toBe('JobCreated JobDueNow JobStarted');
  });

  test('makes the next attempt of a failed job due', async () => {
    const id = await newJob({ backoff: { type: 'fixed', delayMs: 3_600_000 } });
    await carryOut(api, id, START, failing('error'));
    expect(await post(`/api/jobs/${id}/run-now`)).toMatchObject({ status: 200, body: { status: 'retrying' } });
    await carryOut(api, id, START);
  });

  test('may be asked for again, when the first answer was lost', async () => {
    const id = await newJob({ delayMs: 3_600_000 });
    for (const version of [2, 3]) {
      expect(await post(`/api/jobs/${id}/run-now`)).toMatchObject({ status: 200, body: { version } });
    }
  });

  test('is refused for a job that does not wait, or does not exist', async () => {
    const type = 'urn:jobstream:problem:illegal-transition';
    const detail = 'the job is pending: only a job that waits for its time can be run now';
    expect(await post(`/api/jobs/${await newJob()}/run-now`)).toMatchObject({ status: 409, body: { type, detail } });
    expect(await post(`/api/jobs/${await failedJob()}/run-now`)).toMatchObject({ status: 409, body: { type } });
    expect(await post(`/api/jobs/${randomUUID()}/run-now`)).toMatchObject({ status: 404 });
  });
});

const refusedWhileItWaits = (detail: string) => ({ status: 409, body: { detail: `the job is waiting: ${detail}` } });

test('a job that waits within an attempt can be cancelled, but neither run now nor given another priority', async () => {
  const id = await newJob();
  const until = new Date(Date.now() + 3_600_000).toISOString();
  await carryOut(api, id, START, { kind: 'SuspendAttempt', attempt: 1, until, ranMs: 12 });
  expect(await get(`/api/jobs/${id}`)).toMatchObject({ status: 'waiting', attempt: 1, runAt: until, ranMs: 12 });
  const now = 'a wait within an attempt cannot be cut short';
  expect(await post(`/api/jobs/${id}/run-now`)).toMatchObject(refusedWhileItWaits(now));
  const priority = 'its attempt has begun, and keeps its priority';
  expect(await post(`/api/jobs/${id}/priority`, { priority: 'high' })).toMatchObject(refusedWhileItWaits(priority));
  expect(await post(`/api/jobs/${id}/cancel`)).toMatchObject({ status: 200, body: { status: 'cancelled' } });
  expect(await namesOf(id)).toBe('JobCreated JobStarted JobSuspended JobCancelled');
});

describe('retrying with another payload', () => {
  test('keeps both payloads in the history, and the job has the new one, from the log and from the table', async () => {
    const id = await failedJob();
    const request = { payload: { to: 'b' }, reason: 'misspelt' };
    const expected = { status: 'pending', attempt: 0, payload: { to: 'b' }, version: 5 };
    expect(await post(`/api/jobs/${id}/retry`, request)).toMatchObject({ status: 200, body: expected });
    const [created, , , changed, requeued] = await eventsOf(id);
    expect(created?.data).toMatchObject({ payload: { to: 'a' } });
    expect(changed).toMatchObject({ event: 'JobPayloadChanged', data: request });
    expect(requeued).toMatchObject({ event: 'JobRequeued', data: { reason: 'misspelt' } });
    await projectAll(api.log, stage.databaseUrl);
    expect(await get(`/api/jobs/${id}`)).toMatchObject(expected);
    expect(await get(`/api/jobs/${id}?asOf=${(await api.log.readHistory(id))[2]?.sequence}`)).toMatchObject({
      payload: { to: 'a' },
    });
  });

  test('takes null for a payload, of a type that takes it', async () => {
    const id = await failedJob({ type: 'report' });
    expect(await post(`/api/jobs/${id}/retry`, { payload: null })).toMatchObject({ body: { payload: null } });
    expect(await namesOf(id)).toMatch(/JobPayloadChanged JobRequeued$/);
  });

  test('is refused with the place of each mistake, and changes nothing', async () => {
    const id = await failedJob();
    const refused = await post(`/api/jobs/${id}/retry`, { payload: { cc: 'b' } });
    expect(refused).toMatchObject({ status: 422, body: { errors: [{ pointer: '/payload/to' }] } });
    const both = await post(`/api/jobs/${id}/retry`, { payload: { to: 'b' }, discardUnreadable: true });
    expect(both).toMatchObject({ status: 422, body: { errors: [{ pointer: '/payload' }] } });
    expect(await post(`/api/jobs/${await newJob()}/retry`, { payload: { to: 'b' } })).toMatchObject({ status: 409 });
    expect(await namesOf(id)).toBe('JobCreated JobStarted JobFailed');
  });

  test('is encrypted, and erased with the first', async () => {
    const id = await failedJob();
    await post(`/api/jobs/${id}/retry`, { payload: { to: 'secret' } });
    const stored = (await api.log.readStoredHistory(id)).map(({ event }) => JSON.stringify(event));
    expect(stored.join()).not.toContain('secret');
    const erased = await api.fetch(`/api/jobs/${id}/payload`, { method: 'DELETE' });
    expect(erased.status).toBe(200);
    const payloads = (await eventsOf(id)).flatMap(({ data }) => ('payload' in data ? [data.payload] : []));
    expect(payloads).toEqual([{ shredded: true }, { shredded: true }]);
    await post(`/api/jobs/${id}/cancel`);
    const detail = 'the payload of the job was erased';
    expect(await post(`/api/jobs/${id}/retry`, { payload: { to: 'b' } })).toMatchObject({
      status: 409,
      body: { detail },
    });
  });

  test('does not make a first payload that is in clear count as erased', async () => {
    await using withoutKeys = await startApi({ natsUrl: stage.nats.url, databaseUrl: stage.databaseUrl });
    const created = await withoutKeys.post('/api/jobs', { type: 'report', payload: 'in clear' });
    const { id } = (await created.json()) as { id: string };
    await post(`/api/jobs/${id}/cancel`);
    await post(`/api/jobs/${id}/retry`, { payload: 'sealed' });
    expect((await api.fetch(`/api/jobs/${id}/payload`, { method: 'DELETE' })).status).toBe(409);
  });
});

describe('rerunning a job', () => {
  test('creates a job like it, which names it, and leaves it as it is', async () => {
    const options = { maxAttempts: 2, timeoutMs: 1_000, tags: ['vip'], backoff: { type: 'fixed', delayMs: 7 } };
    const id = await failedJob(options);
    const { status, body } = await post(`/api/jobs/${id}/rerun`, { reason: 'once more' });
    expect({ status, body }).toMatchObject({ status: 201, body: { type: 'mail', status: 'pending', version: 1 } });
    expect(body.id).not.toBe(id);
    expect(await get(`/api/jobs/${body.id}`)).toMatchObject({ ...options, payload: { to: 'a' }, rerunOf: id });
    expect(await eventsOf(body.id)).toMatchObject([{ data: { rerunOf: id, reason: 'once more' } }]);
    expect(await get(`/api/jobs/${id}`)).toMatchObject({ status: 'failed', version: 3 });
    await projectAll(api.log, stage.databaseUrl);
    const listed = await get(`/api/jobs?rerunOf=${id}&count=true`);
    expect(listed).toMatchObject({ items: [{ id: body.id, rerunOf: id }], total: 1 });
  });

  test('takes what the body has instead, and checks it', async () => {
    const id = await failedJob();
    const { body } = await post(`/api/jobs/${id}/rerun`, { payload: { to: 'b' }, delayMs: 60_000, maxAttempts: 1 });
    expect(await get(`/api/jobs/${body.id}`)).toMatchObject({
      status: 'scheduled',
      maxAttempts: 1,
      payload: { to: 'b' },
    });
    const refused = await post(`/api/jobs/${id}/rerun`, { payload: {} });
    expect(refused).toMatchObject({ status: 422, body: { errors: [{ pointer: '/payload/to' }] } });
    expect(await post(`/api/jobs/${id}/rerun`, { type: 'report' })).toMatchObject({ status: 422 });
  });

  test('makes one job for an idempotency key', async () => {
    const [id, other] = [await failedJob(), await failedJob()];
    const key = { 'idempotency-key': randomUUID() };
    const first = await post(`/api/jobs/${id}/rerun`, undefined, key);
    expect(await post(`/api/jobs/${id}/rerun`, undefined, key)).toMatchObject({
      status: 200,
      body: { id: first.body.id },
    });
    expect(await post(`/api/jobs/${other}/rerun`, undefined, key)).toMatchObject({ status: 422 });
  });

  test('needs a job that has ended, with a payload that can be read or another one', async () => {
    const waiting = await post(`/api/jobs/${await newJob()}/rerun`);
    expect(waiting).toMatchObject({
      status: 409,
      body: { detail: 'the job is pending: only a job that has ended can be rerun' },
    });
    const id = await failedJob();
    await api.fetch(`/api/jobs/${id}/payload`, { method: 'DELETE' });
    const detail = 'the payload of the job was erased: a rerun needs another one';
    expect(await post(`/api/jobs/${id}/rerun`)).toMatchObject({ status: 409, body: { detail } });
    expect(await post(`/api/jobs/${id}/rerun`, { payload: { to: 'b' } })).toMatchObject({ status: 201 });
  });
});

test('while a worker of an earlier release runs, what it does not understand is refused, and everything else goes on', async () => {
  const [waiting, failed] = [await newJob({ delayMs: 3_600_000 }), await failedJob()];
  await using old = await announceWorker(api, { type: 'report', protocol: 2 });
  const type = 'urn:jobstream:problem:upgrade-unfinished';
  const by = (event: string) =>
    `${old.worker} on build-7 does not announce yet to understand ${event}: nothing was changed`;
  const expected = (event: string) => ({ status: 503, body: { type, detail: by(event) } });
  expect(await post(`/api/jobs/${waiting}/run-now`)).toMatchObject(expected('JobDueNow'));
  expect(await post(`/api/jobs/${failed}/retry`, { payload: { to: 'b' } })).toMatchObject(
    expected('JobPayloadChanged'),
  );
  expect(await namesOf(failed)).toBe('JobCreated JobStarted JobFailed');
  expect(await post(`/api/jobs/${failed}/rerun`)).toMatchObject({ status: 201 });
  expect(await post(`/api/jobs/${failed}/retry`)).toMatchObject({ status: 200 });
});
