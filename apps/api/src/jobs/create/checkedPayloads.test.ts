import { beforeEach, describe, expect, test } from 'vitest';
import { announceWorker } from '../../../testing/announceWorker.ts';
import { useStage } from '../../../testing/apiStage.ts';

const { api } = useStage();
const payloadSchema = {
  type: 'object',
  properties: { url: { type: 'string' }, width: { type: 'integer' } },
  required: ['url', 'width'],
};
const right = { url: 'https://example.com/a.png', width: 200 };
const wrong = { url: 'https://example.com/a.png', width: 'wide' };

let count = 0;
let type: string;

beforeEach(() => {
  type = `thumbnail-${++count}`;
});

interface Outcome {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

async function send(path: string, body: unknown, headers?: Record<string, string>, method = 'POST'): Promise<Outcome> {
  const init = { method, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
  const response = await api.fetch(path, init);
  return { status: response.status, body: (await response.json()) as Outcome['body'] };
}

const create = (payload: unknown, key?: string) =>
  send('/api/jobs', { type, payload }, key === undefined ? {} : { 'idempotency-key': key });

const mistake = (pointer: string) => ({ pointer, detail: 'must be an integer' });
const refused = (...pointers: string[]) => ({ status: 422, body: { errors: pointers.map(mistake) } });

describe('a payload', () => {
  test('that the worker of its type does not accept is refused with the pointer of each mistake', async () => {
    await using _worker = await announceWorker(api, { type, payloadSchema });
    const before = await api.log.lastSequence();
    expect(await create(wrong)).toMatchObject(refused('/payload/width'));
    expect(await api.log.lastSequence()).toBe(before);
    const none = await create(undefined);
    expect(none).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/payload', detail: 'must be an object' }] },
    });
    const accepted = await create(right);
    expect(accepted.status).toBe(201);
    expect(accepted.body).not.toHaveProperty('warnings');
  });

  test('is accepted if one living worker accepts it; else the mistakes are those for the newest', async () => {
    await using _old = await announceWorker(api, { type, payloadSchema, startedAt: '2026-01-01T00:00:00Z' });
    const other = { properties: { width: { type: 'string' }, height: { type: 'integer' } }, required: ['height'] };
    await using _new = await announceWorker(api, { type, payloadSchema: other });
    expect((await create(right)).status).toBe(201);
    expect((await create({ height: 3 })).status).toBe(201);
    const neither = await create({ height: 'high' });
    expect(neither).toMatchObject(refused('/payload/height'));
  });

  test('is accepted without a check if one living worker has announced no schema', async () => {
    await using _checked = await announceWorker(api, { type, payloadSchema });
    await using _unchecked = await announceWorker(api, { type });
    expect((await create(wrong)).status).toBe(201);
  });

  test('is checked by the last announcement while no worker of the type lives', async () => {
    await using _first = await announceWorker(api, { type, live: false, startedAt: '2026-01-01T00:00:00Z' });
    await using _last = await announceWorker(api, { type, payloadSchema, live: false });
    expect(await create(wrong)).toMatchObject(refused('/payload/width'));
    await using _living = await announceWorker(api, { type, startedAt: '2025-01-01T00:00:00Z' });
    expect((await create(wrong)).status).toBe(201);
  });

  test('of a hostile schema is accepted, and the type shows that the schema is ignored', async () => {
    await using _worker = await announceWorker(api, { type, payloadSchema: { $ref: '#' } });
    expect((await create(wrong)).status).toBe(201);
    const { items } = (await (await api.fetch('/api/types')).json()) as { items: { type: string }[] };
    const shown = items.find((one) => one.type === type);
    expect(shown).toMatchObject({ schemaIgnored: 'checking a payload takes more than 5000 steps' });
  });
});

describe('a known idempotency key', () => {
  test('is answered with its job, though the payload would now be refused', async () => {
    const first = await create(wrong, `key-${type}`);
    await using _worker = await announceWorker(api, { type, payloadSchema });
    const again = await create(wrong, `key-${type}`);
    expect(again).toMatchObject({ status: 200, body: { id: first.body['id'] } });
    const other = await create({ width: 'w' }, `key-${type}`);
    expect(other).toMatchObject({ status: 422, body: { type: 'urn:jobstream:problem:idempotency-key-reused' } });
    expect(await create(wrong, `new-${type}`)).toMatchObject(refused('/payload/width'));
  });

  test('of a batch is answered in the same way', async () => {
    const body = { jobs: [{ type: 'other' }, { type, payload: wrong }] };
    const headers = { 'idempotency-key': `batch-${type}` };
    const first = await send('/api/jobs/batch', body, headers);
    await using _worker = await announceWorker(api, { type, payloadSchema });
    const again = await send('/api/jobs/batch', body, headers);
    expect(again).toMatchObject({ status: 200, body: { jobs: first.body['jobs'] } });
    expect(await send('/api/jobs/batch', body)).toMatchObject(refused('/jobs/1/payload/width'));
  });

  test('of an import is answered in the same way', async () => {
    const line = JSON.stringify({ type, payload: wrong, idempotencyKey: `line-${type}` });
    const post = async () => {
      const headers = { 'content-type': 'application/x-ndjson' };
      const response = await api.fetch('/api/jobs/import', { method: 'POST', headers, body: line });
      return JSON.parse((await response.text()).split('\n')[0] ?? '') as Outcome['body'];
    };
    const { id } = await post();
    await using _worker = await announceWorker(api, { type, payloadSchema });
    expect(await post()).toEqual({ line: 1, id, status: 'pending', replayed: true });
  });
});

describe('many jobs', () => {
  test('of a batch are refused together, each with its pointer', async () => {
    await using _worker = await announceWorker(api, { type, payloadSchema });
    const jobs = [right, wrong, right, wrong].map((payload) => ({ type, payload }));
    const outcome = await send('/api/jobs/batch', { jobs });
    expect(outcome).toMatchObject(refused('/jobs/1/payload/width', '/jobs/3/payload/width'));
  });

  test('of an import are refused line by line', async () => {
    await using _worker = await announceWorker(api, { type, payloadSchema });
    const body = [right, wrong].map((payload) => JSON.stringify({ type, payload })).join('\n');
    const response = await api.post('/api/jobs/import', body, { 'content-type': 'application/x-ndjson' });
    const [first, second] = (await response.text()).split('\n');
    expect(JSON.parse(first ?? '')).toEqual({ line: 1, id: expect.any(String), status: 'pending' });
    expect(JSON.parse(second ?? '')).toEqual({ line: 2, errors: [mistake('/payload/width')] });
  });
});

const schedule = (payload: unknown, enabled = true) => ({ cron: '0 0 1 1 *', enabled, job: { type, payload } });

describe('a schedule', () => {
  test('is checked when it is created and replaced, unless it is disabled', async () => {
    await using _worker = await announceWorker(api, { type, payloadSchema });
    const path = `/api/schedules/${type}`;
    expect(await send('/api/schedules', { name: type, ...schedule(wrong) })).toMatchObject(
      refused('/job/payload/width'),
    );
    const created = await send('/api/schedules', { name: type, ...schedule(right) });
    expect(created.status).toBe(201);
    expect(created.body).not.toHaveProperty('warnings');
    expect(await send(path, schedule(wrong), {}, 'PUT')).toMatchObject(refused('/job/payload/width'));
    expect((await send(path, schedule(wrong, false), {}, 'PUT')).status).toBe(200);
  });
});

describe('a type that only warns', () => {
  test('accepts every payload and tells the mistakes', async () => {
    await using _worker = await announceWorker(api, { type, payloadSchema });
    const changed = await send(`/api/types/${type}`, { payloadCheck: 'warn' }, {}, 'PATCH');
    expect(changed).toMatchObject({ status: 200, body: { type, payloadCheck: 'warn' } });
    await expect.poll(async () => (await create(wrong)).status).toBe(201);
    const warning = {
      code: 'payload-mismatch',
      pointer: '/payload',
      detail: `no worker of the type ${type} accepts this payload`,
      errors: [mistake('/payload/width')],
    };
    expect((await create(wrong)).body).toMatchObject({ status: 'pending', warnings: [warning] });
    expect((await create(right)).body).not.toHaveProperty('warnings');
  });
});
