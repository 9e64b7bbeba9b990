import { formatApiKey, newApiKey } from '@jobstream/readmodel';
import { beforeAll, describe, expect, test } from 'vitest';
import { useStage } from '../../testing/apiStage.ts';
import { projectAll } from '../../testing/projectAll.ts';

const stage = useStage({ auth: { open: false, sessions: true, trustedProxies: 1 } });
const { api } = stage;
const unknownKey = formatApiKey(newApiKey());
let key: string;

beforeAll(async () => {
  const { text } = await api.keys.create({ name: 'page', scopes: ['jobs:read'], tenant: 'acme', expiresAt: null });
  key = text;
});

const logIn = (headers: Record<string, string> = {}) =>
  api.fetch('/dashboard/session', { method: 'POST', headers: { authorization: `Bearer ${key}`, ...headers } });

/** Sends a request as a page of some origin would, which only browsers otherwise do. */
async function asPage(headers: Record<string, string>, method = 'GET', cookie = `jobstream=${key}`) {
  const response = await api.fetch('/dashboard/session', { method, headers: { cookie, ...headers } });
  return { status: response.status, cookie: response.headers.get('set-cookie') };
}

test('a login sets a cookie that scripts cannot read and other sites cannot have sent', async () => {
  const response = await logIn();
  expect(response.headers.get('set-cookie')).toBe(`jobstream=${key}; Path=/; HttpOnly; SameSite=Strict`);
  expect(await response.json()).toMatchObject({ scopes: ['jobs:read'], tenant: 'acme', open: false });
});

test('over TLS the cookie is for TLS and this host alone', async () => {
  const response = await logIn({ 'x-forwarded-proto': 'https' });
  expect(response.headers.get('set-cookie')).toBe(`__Host-jobstream=${key}; Path=/; HttpOnly; Secure; SameSite=Strict`);
  const plain = await asPage({ 'x-forwarded-proto': 'https' });
  expect(plain.status).toBe(401);
});

test('a refused key sets no cookie', async () => {
  const response = await logIn({ authorization: `Bearer ${unknownKey}` });
  expect([response.status, response.headers.get('set-cookie')]).toEqual([401, null]);
});

test('a session says which events lists show, so that a feed can begin there', async () => {
  const { text } = await api.keys.create({ name: 'writer', scopes: ['jobs:write'], tenant: null, expiresAt: null });
  await api.post('/api/jobs', { type: 'email' }, { authorization: `Bearer ${text}` });
  expect(await (await logIn()).json()).not.toMatchObject({ position: await api.log.lastSequence() });
  await projectAll(api.log, stage.databaseUrl);
  expect(await (await logIn()).json()).toMatchObject({ position: await api.log.lastSequence() });
});

describe('a request with the cookie', () => {
  test('is one of the key', async () => {
    const response = await api.fetch('/api/jobs', { headers: { cookie: `theme=dark; jobstream=${key}` } });
    expect(response.status).toBe(200);
    const denied = await api.fetch('/api/keys', { headers: { cookie: `jobstream=${key}` } });
    expect(denied.status).toBe(403);
  });

  test.each([
    ['GET', { 'sec-fetch-site': 'same-origin' }, 200],
    ['GET', { 'sec-fetch-site': 'none' }, 200],
    ['GET', {}, 200],
    ['GET', { 'sec-fetch-site': 'cross-site' }, 403],
    ['GET', { 'sec-fetch-site': 'same-site' }, 403],
    ['GET', { origin: 'http://elsewhere.example' }, 403],
    ['DELETE', { 'sec-fetch-site': 'same-origin' }, 204],
    ['DELETE', { 'sec-fetch-site': 'none' }, 403],
    ['DELETE', { 'sec-fetch-site': 'cross-site' }, 403],
    ['DELETE', { origin: 'null' }, 403],
    ['DELETE', { origin: 'http://127.0.0.1:1' }, 403],
    ['DELETE', {}, 403],
  ])('%s with %j is answered %i', async (method, headers, status) => {
    expect((await asPage(headers as Record<string, string>, method)).status).toBe(status);
  });

  test('is accepted by its Origin where a browser sends nothing else', async () => {
    expect((await asPage({ origin: api.url }, 'DELETE')).status).toBe(204);
  });

  test('is not accepted from a page of this host that came by another scheme', async () => {
    const [overTls, plain] = [api.url.replace('http:', 'https:'), api.url];
    expect((await asPage({ origin: overTls }, 'DELETE')).status).toBe(403);
    const cookie = `__Host-jobstream=${key}`;
    const tls = { 'x-forwarded-proto': 'https' };
    expect((await asPage({ ...tls, origin: plain }, 'DELETE', cookie)).status).toBe(403);
    expect((await asPage({ ...tls, origin: overTls }, 'DELETE', cookie)).status).toBe(204);
  });

  test('loses it at the logout', async () => {
    expect((await asPage({ origin: api.url }, 'DELETE')).cookie).toContain(
      'jobstream=; Path=/; Expires=Thu, 01 Jan 1970',
    );
  });

  test('loses it when the key is no longer valid', async () => {
    const answer = await asPage({ origin: api.url }, 'GET', `jobstream=${unknownKey}`);
    expect(answer).toMatchObject({ status: 401, cookie: expect.stringContaining('jobstream=; Path=/') as string });
  });
});

test('a token that no cookie can hold is refused with a reason', async () => {
  const { startSession } = await import('../auth/sessionCookie.ts');
  const [req, res] = [{ secure: false }, {}] as unknown as Parameters<typeof startSession>;
  expect(() => startSession(req, res, 'x'.repeat(4_090))).toThrow('use an API key');
});
