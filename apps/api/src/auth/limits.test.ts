import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { migrate } from '@jobstream/readmodel';
import { createDatabase, startNats, type TestNats } from '@jobstream/test-support';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { operationsOf, readOpenApi } from '../../testing/contract/openApi.ts';
import { startApi, type StartApiOptions, type TestApi } from '../../testing/startApi.ts';

let nats: TestNats;
let databaseUrl: string;

beforeAll(async () => {
  [nats, databaseUrl] = await Promise.all([startNats(), createDatabase()]);
  await migrate(databaseUrl);
});
afterAll(() => nats.stop());

const operations = operationsOf(readOpenApi());
const methods = operations.map(({ method }) => method);
/** What pages send: the headers that operations take, and those of each request. */
const requestHeaders = operations
  .flatMap(({ parameters }) => parameters.filter((one) => one.in === 'header').map(({ name }) => name))
  .concat('Authorization', 'Content-Type', 'X-Request-Id', 'traceparent');
const listed = ({ headers }: Response, name: string) => headers.get(name)?.split(',');

/** The headers of answers that the document of the API names. */
const documentedHeaders = new Set<string>();
const document = readFileSync(new URL('../../../../docs/openapi.json', import.meta.url), 'utf8');
JSON.parse(document, (key, value: unknown) => {
  if (key === 'headers' && typeof value === 'object')
    Object.keys(value ?? {}).forEach((name) => documentedHeaders.add(name));
  return value;
});

const start = (auth: StartApiOptions['auth']) => startApi({ natsUrl: nats.url, databaseUrl, auth: { ...auth } });
const perHour = (count: number) => ({ count, perMs: 3_600_000 });
const newKey = async (api: TestApi) =>
  (await api.keys.create({ name: 'test', scopes: ['jobs:read'], tenant: null, expiresAt: null })).text;

function ask(api: TestApi, key?: string, headers: Record<string, string> = {}) {
  const authorization: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };
  return api.fetch('/api/jobs', { headers: { ...authorization, ...headers } });
}

async function statusesOf(count: number, request: () => Promise<Response>): Promise<number[]> {
  const statuses: number[] = [];
  for (let times = 0; times < count; times++) statuses.push((await request()).status);
  return statuses;
}

const preflight = (api: TestApi, origin: string) =>
  api.fetch('/api/jobs', { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } });

const withHost = async (api: TestApi, host: string) => {
  const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
  socket.write(`GET /api/jobs HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  let answer = '';
  socket.on('data', (data) => (answer += String(data)));
  await once(socket, 'close');
  return Number(answer.split(' ')[1]);
};

describe('the limit of requests', () => {
  test('counts by key, and says how much is left', async () => {
    await using api = await start({ open: false, rateLimit: perHour(2) });
    const [first, second] = [await newKey(api), await newKey(api)];
    const answer = await ask(api, first);
    expect(answer.headers.get('ratelimit-policy')).toMatch(/^"2-in-1hr"; q=2; w=3600; pk=:.+:$/);
    expect(answer.headers.get('ratelimit')).toMatch(/^"2-in-1hr"; r=1; t=\d+$/);
    expect(await statusesOf(3, () => ask(api, first))).toEqual([200, 429, 429]);
    expect(await statusesOf(2, () => ask(api, second))).toEqual([200, 200]);
  });

  test('is told as a problem that says when to go on', async () => {
    await using api = await start({ open: true, rateLimit: perHour(1) });
    await ask(api);
    const answer = await ask(api);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(3_000);
    expect(await answer.json()).toMatchObject({
      status: 429,
      type: 'urn:jobstream:problem:rate-limited',
      detail: 'at most 1 requests in 3600 s',
    });
  });

  test('counts by address where anybody may call', async () => {
    await using api = await start({ open: true, rateLimit: perHour(1), trustedProxies: 1 });
    const from = (address: string) => ask(api, undefined, { 'x-forwarded-for': address });
    expect([(await from('192.0.2.1')).status, (await from('192.0.2.1')).status]).toEqual([200, 429]);
    expect((await from('192.0.2.2')).status).toBe(200);
    // One subscriber has a whole network of these.
    expect((await from('2001:db8:0:1::1')).status).toBe(200);
    expect((await from('2001:db8:0:1:2:3:4:5')).status).toBe(429);
  });

  test('believes no address that a caller makes up', async () => {
    await using api = await start({ open: true, rateLimit: perHour(1) });
    const from = (address: string) => ask(api, undefined, { 'x-forwarded-for': address });
    expect([(await from('192.0.2.1')).status, (await from('192.0.2.2')).status]).toEqual([200, 429]);
  });

  test('leaves probes alone', async () => {
    await using api = await start({ open: true, rateLimit: perHour(1) });
    expect(await statusesOf(3, () => api.fetch('/health/live'))).toEqual([200, 200, 200]);
  });

  test('is off where it is not set', async () => {
    await using api = await start({ open: true });
    const answer = await ask(api);
    expect([...answer.headers.keys()].filter((name) => name.startsWith('ratelimit'))).toEqual([]);
  });
});

describe('the limit of failures', () => {
  test('counts requests without good credentials by address, and then listens to none of its requests', async () => {
    await using api = await start({ open: false, failedRateLimit: perHour(2), trustedProxies: 1 });
    const key = await newKey(api);
    const from = (address: string, given?: string) => ask(api, given, { 'x-forwarded-for': address });
    expect(await statusesOf(5, () => from('192.0.2.1', key))).toEqual([200, 200, 200, 200, 200]);
    expect([(await from('192.0.2.1')).status, (await from('192.0.2.1', 'nonsense')).status]).toEqual([401, 401]);
    const refused = await from('192.0.2.1', key);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(3_000);
    expect((await from('192.0.2.2', key)).status).toBe(200);
  });
});

describe('pages in browsers', () => {
  test('may call from the origins that are named, and from no other', async () => {
    await using api = await start({ open: false, corsOrigins: ['https://app.example.com'] });
    const [named, other] = [await preflight(api, 'https://app.example.com'), await preflight(api, 'https://evil.test')];
    expect(named.headers.get('access-control-allow-origin')).toBe('https://app.example.com');
    expect(listed(named, 'access-control-allow-headers')).toEqual(expect.arrayContaining(requestHeaders));
    expect(listed(named, 'access-control-allow-methods')).toEqual(expect.arrayContaining(methods));
    expect(named.headers.get('access-control-max-age')).toBe('600');
    expect(named.headers.has('access-control-allow-credentials')).toBe(false);
    expect(other.headers.has('access-control-allow-origin')).toBe(false);
    const answer = await ask(api, await newKey(api), { origin: 'https://app.example.com' });
    const exposed = listed(answer, 'access-control-expose-headers')?.toSorted();
    expect(exposed).toEqual([...documentedHeaders].filter((name) => name !== 'Cache-Control').toSorted()); // always exposed
    expect(answer.headers.get('vary')).toContain('Origin');
  });

  test('may not call unless origins are named', async () => {
    await using api = await start({ open: false });
    const answer = await preflight(api, 'https://app.example.com');
    expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  });
});

describe('an open API', () => {
  test.each(['localhost:3000', '127.0.0.1', '[::1]:3000', 'LOCALHOST'])('answers to the name %s', async (host) => {
    await using api = await start({ open: true });
    expect(await withHost(api, host)).toBe(200);
  });

  test.each(['rebound.evil.test', 'localhost.evil.test:3000', '127.0.0.1.evil.test', '10.0.0.1', '@'])(
    'does not answer to the name %s, which a page may have pointed at this machine',
    async (host) => {
      await using api = await start({ open: true });
      expect(await withHost(api, 'localhost:3000')).toBe(200);
      expect(await withHost(api, host)).toBe(403);
    },
  );

  test('takes no request from a page of another origin', async () => {
    await using api = await start({ open: true, corsOrigins: ['https://app.example.com'] });
    const statusFrom = async (origin: string) =>
      (await api.fetch('/api/types/email/pause', { method: 'POST', headers: { origin } })).status;
    expect(await statusFrom('https://evil.test')).toBe(403);
    expect(await statusFrom('null')).toBe(403);
    expect(await statusFrom('http://localhost:5173')).toBe(200);
    expect(await statusFrom('https://app.example.com')).toBe(200);
  });

  test('still refuses credentials that are no good', async () => {
    await using api = await start({ open: true });
    expect((await ask(api, 'nonsense')).status).toBe(401);
    expect((await ask(api, await newKey(api))).status).toBe(200);
  });

  test('calls its callers anonymous in the events', async () => {
    await using api = await start({ open: true });
    const { id } = (await (await api.post('/api/jobs', { type: 'email' })).json()) as { id: string };
    const { items } = (await (await api.fetch(`/api/jobs/${id}/events`)).json()) as { items: { actor: object }[] };
    expect(items.map(({ actor }) => actor)).toEqual([{ kind: 'api', id: 'anonymous' }]);
  });
});
