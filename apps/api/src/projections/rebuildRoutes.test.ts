import { migrate, RebuildRequests } from '@jobstream/readmodel';
import { createDatabase, startNats, type TestNats } from '@jobstream/test-support';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApi, type TestApi } from '../../testing/startApi.ts';

const PATH = '/api/admin/projections/jobs/rebuild';

let nats: TestNats;
let api: TestApi;
let projector: RebuildRequests;

beforeAll(async () => {
  const databaseUrl = await createDatabase();
  await migrate(databaseUrl);
  nats = await startNats();
  api = await startApi({ natsUrl: nats.url, databaseUrl });
  projector = new RebuildRequests({ databaseUrl, name: 'projector', queryMs: 30_000 });
});

afterAll(async () => {
  await projector.stop();
  await api.stop();
  await nats[Symbol.asyncDispose]();
});

async function send(method: string, body?: object): Promise<{ status: number; body: Record<string, unknown> }> {
  const init = body === undefined ? {} : { body: JSON.stringify(body) };
  const response = await api.fetch(PATH, { method, ...init, headers: { 'content-type': 'application/json' } });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

test('a rebuild is requested, followed to its end, and requested again', async () => {
  expect(await send('GET')).toEqual({ status: 200, body: { status: 'none' } });
  const asked = await send('POST', { except: ['tenant'] });
  expect(asked).toMatchObject({ status: 202, body: { status: 'requested', except: ['tenant'], force: false } });
  expect((await send('POST')).body['id']).toBe(asked.body['id']);
  expect(await projector.claim('one')).toMatchObject({ id: asked.body['id'], except: ['tenant'] });
  const progress = { step: 'reading the log', done: 5, total: 10 };
  await projector.report('one', progress);
  expect((await send('GET')).body).toMatchObject({ status: 'running', progress });
  await projector.finish('one', 'completed', { position: 10, jobs: 3, differences: [] });
  expect((await send('GET')).body).toMatchObject({ status: 'completed', position: 10, jobs: 3, differences: [] });
  expect((await send('POST', { force: true })).body).toMatchObject({ status: 'requested', force: true });
});

test('a rebuild is cancelled at once while it is pending, and otherwise by its runner', async () => {
  await send('POST');
  expect(await send('DELETE')).toMatchObject({ status: 202, body: { status: 'cancelled' } });
  await send('POST');
  await projector.claim('one');
  expect(await send('DELETE')).toMatchObject({ status: 202, body: { status: 'running', cancelRequested: true } });
  expect(await projector.report('one', undefined)).toBe('cancelled');
});

test('an invalid body is refused', async () => {
  expect((await send('POST', { except: ['no column'], fast: true })).status).toBe(422);
});
