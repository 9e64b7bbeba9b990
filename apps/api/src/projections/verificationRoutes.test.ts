import { migrate, Verifications } from '@jobstream/readmodel';
import { createDatabase, startNats, type TestNats } from '@jobstream/test-support';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApi, type TestApi } from '../../testing/startApi.ts';

const PATH = '/api/verification';

let nats: TestNats;
let api: TestApi;
let projector: Verifications;

beforeAll(async () => {
  const databaseUrl = await createDatabase();
  await migrate(databaseUrl);
  nats = await startNats();
  api = await startApi({ natsUrl: nats.url, databaseUrl });
  projector = new Verifications({ databaseUrl, name: 'projector', queryMs: 30_000 });
});

afterAll(async () => {
  await projector.stop();
  await api.stop();
  await nats[Symbol.asyncDispose]();
});

async function send(method: string) {
  const response = await api.fetch(PATH, { method });
  const body = (await response.json()) as { readonly current?: { readonly id: string } };
  return { status: response.status, retryAfter: Number(response.headers.get('retry-after')), body };
}

test('a comparison is requested once, followed to its end, and not requested again at once', async () => {
  expect(await send('GET')).toMatchObject({ status: 200, body: {} });
  const asked = await send('POST');
  expect(asked).toMatchObject({
    status: 202,
    body: { current: { status: 'requested', requestedBy: { id: 'anonymous' } } },
  });
  expect((await send('POST')).body.current?.id).toBe(asked.body.current?.id);
  expect(await projector.claim('one')).toMatchObject({ id: asked.body.current?.id });
  const progress = { step: 'comparing', done: 5, total: 10 };
  expect(await projector.report('one', progress)).toBe(true);
  expect((await send('GET')).body).toMatchObject({ current: { status: 'running', progress } });
  await projector.finish('one', 'equal', { position: 25_483, end: 25_490, jobs: 8_494, differences: 0, first: [] });
  const { body } = await send('GET');
  expect(body).toEqual({
    last: expect.objectContaining({ status: 'equal', position: 25_483, jobs: 8_494, differences: 0 }),
  });
  const refused = await send('POST');
  expect(refused).toMatchObject({ status: 429, body: { type: 'urn:jobstream:problem:rate-limited' } });
  expect(refused.retryAfter).toBeGreaterThan(30);
});
