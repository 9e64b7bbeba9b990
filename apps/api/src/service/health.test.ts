import { migrate } from '@jobstream/readmodel';
import { Readiness } from '@jobstream/runtime';
import { createDatabase, startNats, startNatsOnFullableDisk, startPostgres } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { startApi, type TestApi } from '../../testing/startApi.ts';

async function health(api: TestApi, path = '/health/ready'): Promise<{ status: number; body: unknown }> {
  const response = await api.fetch(path);
  return { status: response.status, body: await response.json() };
}

test.each(['/health/live', '/livez', '/health/ready', '/readyz'])('%s says yes while all is up', async (path) => {
  await using nats = await startNats();
  const databaseUrl = await createDatabase();
  await migrate(databaseUrl);
  await using api = await startApi({ natsUrl: nats.url, databaseUrl });
  expect((await health(api, path)).status).toBe(200);
});

test('readiness names the part that is down and recovers with it; liveness does not mind', async () => {
  await using nats = await startNats();
  await using postgres = await startPostgres();
  await migrate(postgres.url);
  await using api = await startApi({ natsUrl: nats.url, databaseUrl: postgres.url });
  expect(await health(api)).toEqual({ status: 200, body: { status: 'ready', parts: { log: 'up', table: 'up' } } });
  await postgres.kill();
  const withoutTable = { status: 503, body: { status: 'not ready', parts: { log: 'up', table: 'down' } } };
  await expect.poll(() => health(api)).toEqual(withoutTable);
  await postgres.restart();
  await nats.kill();
  const reasons = { log: 'no connection to NATS' };
  const withoutLog = { status: 503, body: { status: 'not ready', parts: { log: 'down', table: 'up' }, reasons } };
  await expect.poll(() => health(api)).toEqual(withoutLog);
  expect((await health(api, '/health/live')).status).toBe(200);
  await nats.restart();
  await expect.poll(() => health(api).then(({ status }) => status)).toBe(200);
});

test.skipIf(process.platform !== 'linux')(
  'an API whose log is on a full disk answers 503 and is not ready, until the server is started again',
  async () => {
    await using nats = await startNatsOnFullableDisk();
    const databaseUrl = await createDatabase();
    await migrate(databaseUrl);
    await using api = await startApi({ natsUrl: nats.url, databaseUrl, log: { deadlineMs: 4_000 } });
    await nats.fillDisk();
    const refused = await api.post('/api/jobs', { type: 'email' });
    expect({ status: refused.status, wait: refused.headers.get('retry-after') }).toEqual({ status: 503, wait: '2' });
    const words = /^stream JOBS has not stored the last append, although jobstream-\S+ leads it$/;
    const reasons = { log: expect.stringMatching(words) };
    const notReady = { status: 503, body: { status: 'not ready', parts: { log: 'down', table: 'up' }, reasons } };
    await expect.poll(() => health(api)).toEqual(notReady);
    await nats.freeDisk();
    await nats.restart();
    await expect.poll(() => health(api).then(({ status }) => status)).toBe(200);
    expect((await api.post('/api/jobs', { type: 'email' })).status).toBe(201);
  },
);

test('a part that does not answer counts as down', async () => {
  const readiness = new Readiness({ log: () => true, table: () => new Promise<boolean>(() => {}) });
  expect(await readiness.report()).toEqual({ ready: false, parts: { log: 'up', table: 'down' }, stopping: false });
});

test('a process that stops is not ready, even before it refuses requests', async () => {
  await using nats = await startNats();
  const databaseUrl = await createDatabase();
  await migrate(databaseUrl);
  await using api = await startApi({ natsUrl: nats.url, databaseUrl, server: { noticeMs: 1_000 } });
  const stopped = api.stop();
  expect(await health(api)).toEqual({ status: 503, body: { status: 'stopping', parts: { log: 'up', table: 'up' } } });
  await stopped;
});
