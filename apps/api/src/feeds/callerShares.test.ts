import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { eventually, startTcpProxy } from '@jobstream/test-support';
import { describe, expect, test } from 'vitest';
import { useStage } from '../../testing/apiStage.ts';
import { openFeed, type TestFeed } from '../../testing/openFeed.ts';
import { projectAll } from '../../testing/projectAll.ts';
import { startApi, type TestApi } from '../../testing/startApi.ts';

const stage = useStage();

const startClosed = (most: object, databaseUrl = stage.databaseUrl) =>
  startApi({ natsUrl: stage.nats.url, databaseUrl, auth: { open: false }, longRequests: { most } });

async function newKey(api: TestApi, tenant: string | null = null): Promise<Record<string, string>> {
  const { text } = await api.keys.create({ name: 'test', scopes: ['admin'], tenant, expiresAt: null });
  return { authorization: `Bearer ${text}` };
}

/** Opens feeds until one is refused; returns how many were opened. */
async function openAll(api: TestApi, key: Record<string, string>, opened: DisposableStack): Promise<TestFeed[]> {
  for (const feeds: TestFeed[] = []; ;) {
    const feed = opened.use(await openFeed(`${api.url}/api/events`, key));
    if (feed.status !== 200) return feeds;
    feeds.push(feed);
  }
}

async function expectShareExceeded(response: Response): Promise<void> {
  expect(response.status).toBe(429);
  expect(response.headers.get('retry-after')).toBe('5');
  expect(await response.json()).toMatchObject({ type: 'urn:jobstream:problem:caller-share-exceeded' });
}

describe('feeds and waits', () => {
  test('of one key leave the last quarter to others, and are refused with advice until one ends', async () => {
    await using api = await startClosed({ feeds: 8 });
    using opened = new DisposableStack();
    const [greedy, other] = [await newKey(api), await newKey(api)];
    const feeds = await openAll(api, greedy, opened);
    expect(feeds).toHaveLength(6);
    await expectShareExceeded(await api.fetch('/api/events', { headers: greedy }));
    const { id } = (await (await api.post('/api/jobs', { type: 'email' }, greedy)).json()) as { id: string };
    await expectShareExceeded(await api.fetch(`/api/jobs/${id}?wait=1ms`, { headers: greedy }));
    expect((await api.fetch(`/api/jobs/${id}?wait=1ms`, { headers: other })).status).toBe(200);
    feeds[0]?.[Symbol.dispose]();
    await eventually(async () =>
      expect((await api.fetch(`/api/jobs/${id}?wait=1ms`, { headers: greedy })).status).toBe(200),
    );
  });

  test('of all keys of a tenant leave the last quarter to others', async () => {
    await using api = await startClosed({ feeds: 40 });
    using opened = new DisposableStack();
    let count = 0;
    for (let keys = 0; keys < 12; keys++) {
      count += (await openAll(api, await newKey(api, 'acme'), opened)).length;
    }
    expect(count).toBe(30);
    expect(await openAll(api, await newKey(api, 'globex'), opened)).not.toEqual([]);
  });

  test('of one key may be all where the setting says so', async () => {
    await using api = await startApi({
      natsUrl: stage.nats.url,
      databaseUrl: stage.databaseUrl,
      auth: { open: false },
      longRequests: { callerShare: 100, most: { feeds: 4 } },
    });
    using opened = new DisposableStack();
    expect(await openAll(api, await newKey(api), opened)).toHaveLength(4);
  });
});

test('imports of one key leave the last quarter to others', async () => {
  await using api = await startClosed({ imports: 4 });
  using opened = new DisposableStack();
  const [greedy, other] = [await newKey(api), await newKey(api)];
  const open = async (key: Record<string, string>) => {
    const headers = { ...key, 'content-type': 'application/x-ndjson' };
    const sent = request(`${api.url}/api/jobs/import`, { method: 'POST', headers });
    opened.defer(() => void sent.on('error', () => {}).destroy());
    sent.write('{"type":"email"}\n');
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return response;
  };
  const statuses: unknown[] = [];
  for (const key of [greedy, greedy, greedy, greedy, other]) statuses.push((await open(key)).statusCode);
  expect(statuses).toEqual([200, 200, 200, 429, 200]);
});

test('bulk changes of one key leave the last quarter to others, and their number is limited', async () => {
  const url = new URL(stage.databaseUrl);
  await using proxy = await startTcpProxy(Number(url.port));
  url.port = String(proxy.port);
  await using api = await startClosed({ 'bulk changes': 2 }, url.href);
  const [greedy, other, third] = [await newKey(api), await newKey(api), await newKey(api)];
  for (const key of [greedy, other, third]) await api.post('/api/jobs/cancel', { all: true, dryRun: true }, key);
  proxy.pauseDownstream();
  const cancel = (key: Record<string, string>) => api.post('/api/jobs/cancel', { type: 'none' }, key);
  const open = [cancel(greedy)];
  await eventually(async () => await expectShareExceeded(await cancel(greedy)));
  open.push(cancel(other));
  await eventually(async () => expect((await cancel(third)).status).toBe(503));
  expect((await api.post('/api/jobs/cancel', { nonsense: true }, third)).status).toBe(422);
  await proxy.heal();
  await Promise.all(open);
  // A query that was sent while the database was away may end with its timeout still.
  await eventually(async () => expect((await cancel(greedy)).status).toBe(200));
});

test('a bulk change ends when the process stops, and says why', async () => {
  const api = await startApi({
    natsUrl: stage.nats.url,
    databaseUrl: stage.databaseUrl,
    server: { graceMs: 600_000 },
  });
  const type = 'stopped';
  for (let batch = 0; batch < 4; batch++) {
    await api.post('/api/jobs/batch', { jobs: Array.from({ length: 1_000 }, () => ({ type })) });
  }
  await projectAll(api.log, stage.databaseUrl);
  const response = await api.post('/api/jobs/cancel', { type, limit: 4_000 }, { accept: 'application/x-ndjson' });
  const [text] = await Promise.all([response.text(), api.stop()]); // the head came with the first line
  const summary = JSON.parse(text.trim().split('\n').at(-1) ?? '{}') as Record<string, unknown>;
  expect(summary).toMatchObject({ done: true, stopped: 'Server is shutting down' });
  expect(summary['matched']).toBeLessThan(4_000);
});
