import { randomUUID } from 'node:crypto';
import type { Delivery } from '@jobstream/eventlog';
import { eventually } from '@jobstream/test-support';
import { beforeAll, describe, expect, test } from 'vitest';
import { announceWorker } from '../../../testing/announceWorker.ts';
import { answerOf, type Answer } from '../../../testing/answerOf.ts';
import { useStage } from '../../../testing/apiStage.ts';
import { carryOut } from '../../../testing/carryOut.ts';
import { projectAll } from '../../../testing/projectAll.ts';

const stage = useStage();
const { api } = stage;

beforeAll(async () => {
  await announceWorker(api, { type: 'mail' });
});

const post = async (path: string, body: object) => answerOf(await api.post(path, body));

const get = async (id: string) => (await (await api.fetch(`/api/jobs/${id}`)).json()) as Answer['body'];
const create = async (fields: object = {}) => (await post('/api/jobs', { type: 'mail', ...fields })).body.id;
const change = (id: string, priority: unknown) => post(`/api/jobs/${id}/priority`, { priority, reason: 'late' });

const namesOf = async (id: string) => (await api.log.readHistory(id)).map(({ event }) => event.event);

const START = { kind: 'StartAttempt', worker: 'w' } as const;

describe('a job', () => {
  test.each(['high', 'low'])('of %s priority says so, and one of normal priority does not', async (priority) => {
    const id = await create({ priority });
    expect(await get(id)).toMatchObject({ priority, status: 'pending' });
    expect(await namesOf(id)).toEqual(['JobCreatedWithPriority']);
    const normal = await create({ priority: 'normal' });
    expect(await get(normal)).not.toHaveProperty('priority');
    expect(await namesOf(normal)).toEqual(['JobCreated']);
  });

  test.each([['urgent'], [1], [null], ['High']])('of the priority %j is refused', async (priority) => {
    const answer = await post('/api/jobs', { type: 'mail', priority });
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ pointer: '/priority' }] } });
  });

  test('of a batch has its own', async () => {
    const jobs = [{ type: 'mail', priority: 'high' }, { type: 'mail' }, { type: 'mail', priority: 'low' }];
    const { body } = await post('/api/jobs/batch', { jobs });
    const ids = (body['jobs'] as { id: string }[]).map(({ id }) => id);
    const created = await Promise.all(ids.map(get));
    expect(created.map(({ priority }) => priority)).toEqual(['high', undefined, 'low']);
  });

  test('with a key is created once, whatever priority a repeated request has', async () => {
    const key = { 'idempotency-key': randomUUID() };
    const first = await api.post('/api/jobs', { type: 'mail', priority: 'low' }, key);
    const second = await api.post('/api/jobs', { type: 'mail', priority: 'low' }, key);
    const other = await api.post('/api/jobs', { type: 'mail' }, key);
    expect([first.status, second.status, other.status]).toEqual([201, 200, 422]);
  });

  test('that is unique keeps its priority, and holds its key', async () => {
    const job = { type: 'mail', payload: { of: randomUUID() }, unique: { by: ['payload.of'] } };
    const id = await create({ ...job, priority: 'low' });
    const second = await post('/api/jobs', { ...job, priority: 'high' });
    expect(second).toMatchObject({ status: 200, body: { id, existing: true } });
    expect(await get(id)).toMatchObject({ priority: 'low' });
  });

  test('keeps its priority when it is put back to work, and when it is repeated', async () => {
    const id = await create({ priority: 'low' });
    await post(`/api/jobs/${id}/cancel`, {});
    expect(await post(`/api/jobs/${id}/retry`, {})).toMatchObject({ status: 200, body: { priority: 'low' } });
    expect(await namesOf(id)).toEqual(['JobCreatedWithPriority', 'JobCancelled', 'JobRequeuedWithPriority']);
    await post(`/api/jobs/${id}/cancel`, {});
    const rerun = await post(`/api/jobs/${id}/rerun`, {});
    expect(await get(rerun.body.id)).toMatchObject({ priority: 'low', rerunOf: id });
    const other = await post(`/api/jobs/${id}/rerun`, { priority: 'normal' });
    expect(await get(other.body.id)).not.toHaveProperty('priority');
  });
});

describe('the priority', () => {
  test('of a job that waits is changed, and stays where it is so already', async () => {
    const id = await create();
    expect(await change(id, 'high')).toMatchObject({ status: 200, body: { priority: 'high', version: 2 } });
    expect(await change(id, 'high')).toMatchObject({ status: 200, body: { priority: 'high', version: 2 } });
    const normal = await change(id, 'normal');
    expect(normal).toMatchObject({ status: 200, body: { version: 3 } });
    expect(normal.body).not.toHaveProperty('priority');
    const delayed = await create({ delayMs: 3_600_000 });
    expect(await change(delayed, 'low')).toMatchObject({ status: 200, body: { status: 'scheduled', priority: 'low' } });
  });

  test('is that of a call for a job that could start, and a delayed one is left to its timer', async () => {
    const type = `type-${randomUUID()}`;
    const [delayed, pending] = [await create({ type, delayMs: 60_000 }), await create({ type })];
    for (const id of [delayed, pending]) await change(id, 'low');
    const deliveries: Delivery[] = [];
    const onDelivery = async (delivery: Delivery) => {
      delivery.ack();
      if (delivery.recorded === undefined) deliveries.push(delivery);
    };
    const queue = await api.log.openQueue({ jobType: type, concurrency: 5, ackWaitMs: 60_000, onDelivery });
    await eventually(() => expect(deliveries).not.toEqual([]));
    await queue.stop();
    expect(deliveries).toMatchObject([{ jobId: pending, priority: 'low' }]);
  });

  test('of a job that runs or has ended is not changed', async () => {
    const id = await create();
    await carryOut(api, id, START);
    expect(await change(id, 'high')).toMatchObject({
      status: 409,
      body: { detail: 'the job is processing: only a job that waits can be given another priority' },
    });
    expect(await change(randomUUID(), 'high')).toMatchObject({ status: 404 });
    expect(await change(id, 'urgent')).toMatchObject({ status: 422, body: { errors: [{ pointer: '/priority' }] } });
    expect(await post(`/api/jobs/${id}/priority`, {})).toMatchObject({ status: 422 });
  });

  test('of many jobs is changed where they wait', async () => {
    const tag = randomUUID();
    const ids = [await create({ tags: [tag] }), await create({ tags: [tag], priority: 'low' })];
    const running = await create({ tags: [tag] });
    await carryOut(api, running, START);
    await projectAll(api.log, stage.databaseUrl);
    const dry = await post('/api/jobs/priority', { tag, priority: 'low', dryRun: true });
    expect(dry).toMatchObject({ status: 200, body: { matched: 2 } });
    const changed = await post('/api/jobs/priority', { tag, priority: 'low', reason: 'later' });
    expect(changed).toMatchObject({ status: 200, body: { matched: 2, changed: 1, skipped: 1, failed: 0 } });
    for (const id of ids) expect(await get(id)).toMatchObject({ priority: 'low' });
    expect(await get(running)).not.toHaveProperty('priority');
    expect(await post('/api/jobs/priority', { tag })).toMatchObject({ status: 422 });
    expect(await post('/api/jobs/priority', { priority: 'low' })).toMatchObject({ status: 422 });
    expect(await post('/api/jobs/cancel', { tag, priority: 'low' })).toMatchObject({ status: 422 });
  });
});

test('a schedule gives its jobs a priority', async () => {
  const job = { type: 'mail', payload: {}, priority: 'high' };
  const created = await post('/api/schedules', { name: 'urgent-mail', cron: '0 0 1 1 *', job });
  expect(created).toMatchObject({ status: 201, body: { job: { priority: 'high' } } });
  const ran = await post('/api/schedules/urgent-mail/run', {});
  expect(await get(ran.body.id)).toMatchObject({ priority: 'high' });
});

test('while an older process lives, nothing is stored', async () => {
  await using older = await announceWorker(api, { type: 'mail', protocol: 4 });
  const answer = await post('/api/jobs', { type: 'mail', priority: 'high' });
  expect(answer).toMatchObject({ status: 503, body: { detail: expect.stringContaining(older.worker) } });
  expect((await post('/api/jobs', { type: 'mail', priority: 'normal' })).status).toBe(201);
});
