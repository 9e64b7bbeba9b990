import { randomBytes, randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { startNats, startTcpProxy } from '@jobstream/test-support';
import { describe, expect, test } from 'vitest';
import { useStage } from '../../../testing/apiStage.ts';
import { startApi } from '../../../testing/startApi.ts';

const stage = useStage();
const { api } = stage;

interface Batch {
  readonly jobs: readonly { readonly id: string; readonly status: string }[];
}

const jobs = (count: number, fields: object = {}) =>
  Array.from({ length: count }, (_, n) => ({ type: 'email', payload: { n }, ...fields }));

const post = (key: string, body: unknown, on = api) => on.post('/api/jobs/batch', body, { 'idempotency-key': key });

async function batchOf(response: Response): Promise<Batch['jobs']> {
  return ((await response.json()) as Batch).jobs;
}

describe('a batch of jobs', () => {
  test.each([1, 1_000])('of %i is created in the order of the request', async (count) => {
    const response = await api.post('/api/jobs/batch', { jobs: jobs(count) });
    expect(response.status).toBe(201);
    const created = await batchOf(response);
    expect(created).toHaveLength(count);
    for (const index of new Set([0, count - 1])) {
      const [only] = await api.log.readHistory(created[index]?.id ?? '');
      expect(only?.event).toMatchObject({ event: 'JobCreated', version: 1, data: { payload: { n: index } } });
    }
  });

  test('may mix types and times', async () => {
    const mixed = [{ type: 'email' }, { type: 'webhook', delayMs: 60_000, tags: ['later'] }];
    const created = await batchOf(await api.post('/api/jobs/batch', { jobs: mixed }));
    expect(created).toMatchObject([{ status: 'pending' }, { status: 'scheduled' }]);
    const { job } = (await api.log.readJob(created[1]?.id ?? '')) ?? {};
    expect(job).toMatchObject({ type: 'webhook', tags: ['later'], maxAttempts: 5 });
  });

  test('is atomic without group commit, too', async () => {
    await using other = await startApi({
      natsUrl: stage.nats.url,
      databaseUrl: stage.databaseUrl,
      log: { groupCommit: false },
    });
    const before = await api.log.lastSequence();
    expect((await other.post('/api/jobs/batch', { jobs: jobs(100) })).status).toBe(201);
    const broken = [...jobs(50), { type: 'NO' }];
    expect((await other.post('/api/jobs/batch', { jobs: broken })).status).toBe(422);
    expect(await api.log.lastSequence()).toBe(before + 100);
  });
});

describe('a batch that is refused', () => {
  test('names the mistakes of each job, and stores nothing', async () => {
    const before = await api.log.lastSequence();
    const broken = [
      { type: 'email' },
      { type: 'E' },
      {},
      { type: 'email', payload: JSON.parse('{"__proto__": 1}') as object },
    ];
    const response = await api.post('/api/jobs/batch', { jobs: broken });
    expect(response.status).toBe(422);
    const { errors } = (await response.json()) as { errors: { pointer: string }[] };
    expect(errors.map(({ pointer }) => pointer)).toEqual(['/jobs/1/type', '/jobs/2/type', '/jobs/3/payload/__proto__']);
    expect(await api.log.lastSequence()).toBe(before);
  });

  test.each([
    [[], ''],
    ['text', ''],
    [{}, '/jobs'],
    [{ jobs: {} }, '/jobs'],
    [{ jobs: [] }, '/jobs'],
    [{ jobs: Array.from({ length: 1_001 }, () => ({})) }, '/jobs'],
    [{ jobs: [{ type: 'email' }], more: 1 }, '/more'],
    [{ jobs: [null] }, '/jobs/0'],
    [{ jobs: [Object.fromEntries(Array.from({ length: 9_999 }, (_, n) => [`f${n}`, n]))] }, '/jobs/0'],
    [{ jobs: [{ type: 'email', runAt: '2030-01-01T00:00:00Z', delayMs: 1 }] }, '/jobs/0/delayMs'],
  ])('%# because of its shape', async (body, pointer) => {
    const response = await api.post('/api/jobs/batch', JSON.stringify(body));
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ errors: [{ pointer }] });
  });

  test('names no more than fifty mistakes', async () => {
    const response = await api.post('/api/jobs/batch', { jobs: Array.from({ length: 1_000 }, () => ({ a: 1, b: 2 })) });
    expect(((await response.json()) as { errors: unknown[] }).errors).toHaveLength(50);
  });

  test('is larger than 8 MiB or has a payload larger than 256 KiB', async () => {
    const before = await api.log.lastSequence();
    const large = await api.post('/api/jobs/batch', { jobs: jobs(33, { payload: 'x'.repeat(256 * 1_024) }) });
    expect(large.status).toBe(413);
    const one = await api.post('/api/jobs/batch', { jobs: [...jobs(1), ...jobs(1, { payload: 'x'.repeat(262_144) })] });
    expect(one.status).toBe(413);
    expect(await one.json()).toMatchObject({ errors: [{ pointer: '/jobs/1/payload' }] });
    expect(await api.log.lastSequence()).toBe(before);
  });
});

describe('a repeated batch', () => {
  test('returns the same jobs in their current state', async () => {
    const key = randomUUID();
    const first = await batchOf(await post(key, { jobs: jobs(120) }));
    await api.post(`/api/jobs/${first[7]?.id}/cancel`);
    const before = await api.log.lastSequence();
    const respelt = jobs(120).map(({ type, payload }) => ({ payload, type }));
    const again = await post(key, { jobs: respelt });
    expect(again.status).toBe(200);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(await batchOf(again)).toEqual(first.with(7, { id: first[7]?.id ?? '', status: 'cancelled' }));
    expect(await api.log.lastSequence()).toBe(before);
  });

  test('with another body is refused, also when it is only longer', async () => {
    const key = randomUUID();
    await post(key, { jobs: jobs(3) });
    const before = await api.log.lastSequence();
    for (const body of [{ jobs: jobs(4) }, { jobs: jobs(2) }, { jobs: jobs(3, { type: 'sleep' }) }]) {
      const response = await post(key, body);
      expect(response.status).toBe(422);
      expect(await response.json()).toMatchObject({ type: 'urn:jobstream:problem:idempotency-key-reused' });
    }
    expect(await api.log.lastSequence()).toBe(before);
  });

  test('with another body is refused although the contents of its first job were erased', async () => {
    const masterKeys = [{ id: 'test', secret: randomBytes(32) }];
    const { databaseUrl, nats } = stage;
    await using own = await startApi({ natsUrl: nats.url, databaseUrl, log: { masterKeys } });
    const key = randomUUID();
    const [first, ...others] = await batchOf(await post(key, { jobs: jobs(3) }, own));
    const erased = await own.fetch(`/api/jobs/${first?.id}/payload`, { method: 'DELETE' });
    expect(erased.status).toBe(200);
    const before = await own.log.lastSequence();
    expect((await post(key, { jobs: jobs(5) }, own)).status).toBe(422);
    expect(await own.log.lastSequence()).toBe(before);
    expect(await batchOf(await post(key, { jobs: jobs(3) }, own))).toMatchObject([{ id: first?.id }, ...others]);
  });

  test('returns the same jobs when it is sent many times at once to two processes', async () => {
    await using other = await startApi({ natsUrl: stage.nats.url, databaseUrl: stage.databaseUrl });
    const key = randomUUID();
    const before = await api.log.lastSequence();
    const posts = Array.from({ length: 20 }, (_, n) => post(key, { jobs: jobs(30) }, n % 2 === 0 ? api : other));
    const responses = await Promise.all(posts);
    expect(responses.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(responses.filter(({ status }) => status === 200)).toHaveLength(19);
    const answers = await Promise.all(responses.map(batchOf));
    expect(new Set(answers.map((one) => JSON.stringify(one))).size).toBe(1);
    expect(await api.log.lastSequence()).toBe(before + 30);
  });

  test('is completed when a power cut has left only the first of its jobs', async () => {
    await using nats = await startNats();
    await using before = await startApi({ natsUrl: nats.url, databaseUrl: stage.databaseUrl });
    const [key, body] = [randomUUID(), { jobs: jobs(5) }];
    const ids = (await batchOf(await post(key, body, before))).map(({ id }) => id);
    for (const id of ids.slice(0, 2)) {
      const [only] = await before.log.readHistory(id);
      if (only !== undefined) await api.log.append(only.event, 0);
    }
    const response = await post(key, body);
    expect(response.status).toBe(200);
    expect(await batchOf(response)).toEqual(ids.map((id) => ({ id, status: 'pending' })));
    for (const id of ids) expect(await api.log.readHistory(id)).toHaveLength(1);
  });

  test('is independent of a single job with the same key', async () => {
    const key = randomUUID();
    const single = await api.post('/api/jobs', { type: 'email' }, { 'idempotency-key': key });
    expect(single.status).toBe(201);
    expect((await post(key, { jobs: [{ type: 'email' }] })).status).toBe(201);
  });
});

describe('a lost connection', () => {
  test('in the middle of the request creates nothing', async () => {
    const before = await api.log.lastSequence();
    const body = JSON.stringify({ jobs: jobs(1_000) });
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const half = request(`${api.url}/api/jobs/batch`, { method: 'POST', headers });
    half.on('error', () => undefined);
    await new Promise((resolve) => half.write(body.slice(0, body.length / 2), resolve));
    half.destroy();
    expect((await api.post('/api/jobs', { type: 'email' })).status).toBe(201);
    expect(await api.log.lastSequence()).toBe(before + 1);
  });

  test('between API and log leaves all jobs or none, and a repeated request finds them', async () => {
    await using proxy = await startTcpProxy(stage.nats.port);
    await using own = await startApi({ natsUrl: `nats://127.0.0.1:${proxy.port}`, databaseUrl: stage.databaseUrl });
    for (let round = 0; round < 3; round++) {
      const before = await api.log.lastSequence();
      const body = { jobs: jobs(200, { payload: 'x'.repeat(10_000) }) };
      const headers = { 'idempotency-key': randomUUID() };
      const first = own.post('/api/jobs/batch', body, headers);
      await proxy.cut();
      await proxy.heal();
      expect([201, 503]).toContain((await first).status);
      const again = await own.post('/api/jobs/batch', body, headers);
      expect([200, 201]).toContain(again.status);
      expect(await batchOf(again)).toHaveLength(200);
      expect(await api.log.lastSequence()).toBe(before + 200);
    }
  });
});
