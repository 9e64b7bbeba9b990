import { eventually, startNats } from '@jobstream/test-support';
import { beforeAll, describe, expect, test } from 'vitest';
import { announceWorker } from '../../../testing/announceWorker.ts';
import { useStage } from '../../../testing/apiStage.ts';
import { startApi, type TestApi } from '../../../testing/startApi.ts';

const stage = useStage();
const { api } = stage;

beforeAll(async () => {
  for (const type of ['thumbnail', 'thumbnails', 'email']) await announceWorker(api, { type });
});

const warning = {
  code: 'unknown-type',
  pointer: '/type',
  detail: 'no worker has announced the type thumbnial; did you mean thumbnail or thumbnails?',
  nearest: ['thumbnail', 'thumbnails'],
};

async function warningsOf(response: Response): Promise<unknown> {
  return ((await response.json()) as { warnings?: unknown }).warnings;
}

const servers = () => ({ natsUrl: stage.nats.url, databaseUrl: stage.databaseUrl, strictTypes: true });

/** Resolves once this API knows what is announced. */
async function knowsTypes(other: TestApi): Promise<void> {
  await eventually(async () => expect(await (await other.fetch('/api/types')).text()).toContain('"thumbnail"'));
}

describe('a type that no worker has announced', () => {
  test('is created with a warning that has the most similar names', async () => {
    const response = await api.post('/api/jobs', { type: 'thumbnial' });
    expect(response.status).toBe(201);
    expect(await warningsOf(response)).toEqual([warning]);
  });

  test('without similar names has none in its warning', async () => {
    const response = await api.post('/api/jobs', { type: 'invoice' });
    const detail = 'no worker has announced the type invoice';
    expect(await warningsOf(response)).toEqual([{ code: 'unknown-type', pointer: '/type', detail }]);
  });

  test('is mentioned once in a batch and in an import, and by a schedule', async () => {
    const jobs = ['email', 'thumbnial', 'thumbnial'].map((type) => ({ type }));
    const batch = await api.post('/api/jobs/batch', { jobs });
    expect(await warningsOf(batch)).toEqual([{ ...warning, pointer: '/jobs/1/type' }]);
    const lines = '{"type": "thumbnial"}\n{"type": "thumbnial"}';
    const imported = await api.post('/api/jobs/import', lines, { 'content-type': 'application/x-ndjson' });
    const [first, second] = (await imported.text()).split('\n').map((line) => JSON.parse(line || '{}') as object);
    expect(first).toMatchObject({ status: 'pending', warnings: [warning] });
    expect(second).toEqual({ line: 2, id: expect.any(String), status: 'pending' });
    const schedule = await api.post('/api/schedules', {
      name: 'misspelt',
      cron: '@yearly',
      job: { type: 'thumbnial' },
    });
    expect(await warningsOf(schedule)).toEqual([{ ...warning, pointer: '/job/type' }]);
    const read = await api.fetch('/api/schedules/misspelt');
    expect(await warningsOf(read)).toBeUndefined();
  });

  test('is not compared with the types of others for a tenant', async () => {
    await using guarded = await startApi({
      natsUrl: stage.nats.url,
      databaseUrl: stage.databaseUrl,
      auth: { open: false },
    });
    const { text } = await guarded.keys.create({ name: 'a', scopes: ['jobs:write'], tenant: 'acme', expiresAt: null });
    const detail = 'no worker has announced the type thumbnial';
    await eventually(async () => {
      const response = await guarded.post('/api/jobs', { type: 'thumbnial' }, { authorization: `Bearer ${text}` });
      expect(await warningsOf(response)).toEqual([{ code: 'unknown-type', pointer: '/type', detail }]);
    });
  });
});

describe('with STRICT_TYPES', () => {
  test('a type that no worker has announced is refused with the most similar names', async () => {
    await using strict = await startApi(servers());
    await knowsTypes(strict);
    const response = await strict.post('/api/jobs', { type: 'thumbnial' });
    expect(response.status).toBe(422);
    const { pointer, detail } = warning;
    expect(await response.json()).toMatchObject({ errors: [{ pointer, detail }] });
    expect((await strict.post('/api/jobs', { type: 'email' })).status).toBe(201);
  });

  test('a known idempotency key is answered with its job', async () => {
    const headers = { 'idempotency-key': 'misspelt' };
    expect((await api.post('/api/jobs', { type: 'thumbnial' }, headers)).status).toBe(201);
    await using strict = await startApi(servers());
    await knowsTypes(strict);
    expect((await strict.post('/api/jobs', { type: 'thumbnial' }, headers)).status).toBe(200);
  });

  test('nothing is refused before anything is announced', async () => {
    await using nats = await startNats();
    await using strict = await startApi({ ...servers(), natsUrl: nats.url });
    const response = await strict.post('/api/jobs', { type: 'thumbnial' });
    expect(response.status).toBe(201);
  });
});

test('a tenant can have jobs of a number of types without a worker, and further ones are refused', async () => {
  await using own = await startApi({ natsUrl: stage.nats.url, databaseUrl: stage.databaseUrl, maxWaitingTypes: 2 });
  await knowsTypes(own);
  const statusOf = async (type: string) => (await own.post('/api/jobs', { type })).status;
  const jobs = ['new-1', 'new-1', 'new-2', 'thumbnail'].map((type) => ({ type }));
  expect((await own.post('/api/jobs/batch', { jobs })).status).toBe(201);
  const refused = await own.post('/api/jobs', { type: 'new-3' });
  const detail =
    'no worker has announced the type new-3, and there are jobs of 2 other types without a worker, which is as many as may be (MAX_WAITING_TYPES)';
  expect([refused.status, await refused.json()]).toMatchObject([422, { errors: [{ pointer: '/type', detail }] }]);
  expect([await statusOf('new-2'), await statusOf('email')]).toEqual([201, 201]);
});
