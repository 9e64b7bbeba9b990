import { formatApiKey, migrate, parseApiKey, type Scope } from '@jobstream/readmodel';
import { createDatabase, eventually, startNats, type TestNats } from '@jobstream/test-support';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApi, type TestApi } from '../../testing/startApi.ts';

interface Created {
  readonly id: string;
  readonly key: string;
}

let nats: TestNats;
let api: TestApi;
let other: TestApi;
let admin: string;

beforeAll(async () => {
  const [server, databaseUrl] = await Promise.all([startNats(), createDatabase()]);
  nats = server;
  await migrate(databaseUrl);
  const options = { natsUrl: nats.url, databaseUrl, auth: { open: false }, ring: { reloadMs: 50, touchMs: 50 } };
  [api, other] = await Promise.all([startApi(options), startApi(options)]);
  admin = await newKey(['admin']);
});

afterAll(async () => {
  await Promise.all([api.stop(), other.stop()]);
  await nats.stop();
});

async function newKey(scopes: Scope[], tenant: string | null = null): Promise<string> {
  return (await api.keys.create({ name: 'test', scopes, tenant, expiresAt: null })).text;
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const post = (body: unknown, key = admin) => api.post('/api/keys', body, bearer(key));
const list = async (key = admin) => {
  const response = await api.fetch('/api/keys', { headers: bearer(key) });
  return ((await response.json()) as { items: { id: string; lastUsedAt?: string }[] }).items;
};
const revoke = (id: string, key = admin) => api.fetch(`/api/keys/${id}`, { method: 'DELETE', headers: bearer(key) });
const statusWith = async (key: string, server = api) => {
  const response = await server.fetch('/api/jobs', { headers: bearer(key) });
  await response.arrayBuffer();
  return response.status;
};

async function created(body: object, key = admin): Promise<Created> {
  const response = await post({ name: 'billing', scopes: ['jobs:read'], ...body }, key);
  expect(response.status).toBe(201);
  return (await response.json()) as Created;
}

async function pointersOf(response: Response): Promise<(string | undefined)[]> {
  expect(response.status).toBe(422);
  const { errors } = (await response.json()) as { errors: { pointer?: string }[] };
  return errors.map(({ pointer }) => pointer);
}

describe('a key', () => {
  test('is shown once, and is good at once on every process', async () => {
    const expiresAt = '2100-01-01T00:00:00.000Z';
    const response = await post({ name: 'billing', scopes: ['jobs:read', 'jobs:write'], tenant: 'acme', expiresAt });
    const { key, ...shown } = (await response.json()) as Created;
    expect(response.headers.get('cache-control')).toBe('no-store');
    const id = parseApiKey(key)?.id;
    const view = { id, name: 'billing', scopes: ['jobs:read', 'jobs:write'], tenant: 'acme', expiresAt };
    expect(shown).toEqual({ ...view, createdAt: expect.any(String) });
    expect((await list()).find((one) => one.id === id)).toEqual(shown);
    expect([await statusWith(key), await statusWith(key, other)]).toEqual([200, 200]);
  });

  test('is refused when one character of it is another', async () => {
    const { key } = await created({});
    expect(await statusWith(key.replace(/.$/, (last) => (last === '0' ? '1' : '0')))).toBe(401);
  });

  test('is refused when its secret is that of another key', async () => {
    const [mine, theirs] = [await created({}), await created({})];
    const [id, secret] = [parseApiKey(mine.key)?.id ?? '', parseApiKey(theirs.key)?.secret ?? ''];
    expect(await statusWith(formatApiKey({ id, secret }))).toBe(401);
  });

  test('that is revoked is refused at once here, and soon by other processes', async () => {
    const { id, key } = await created({});
    expect(await statusWith(key, other)).toBe(200);
    expect((await revoke(id)).status).toBe(204);
    expect(await statusWith(key)).toBe(401);
    await eventually(async () => expect(await statusWith(key, other)).toBe(401));
    expect((await list()).find((one) => one.id === id)).toHaveProperty('revokedAt');
    expect((await revoke(id)).status).toBe(204);
  });

  test('is refused once it has expired', async () => {
    const expiresAt = new Date(Date.now() - 1).toISOString();
    const { text } = await api.keys.create({ name: 'old', scopes: ['admin'], tenant: null, expiresAt });
    expect(await statusWith(text)).toBe(401);
  });

  test('shows when it was used last', async () => {
    const { id, key } = await created({});
    expect((await list()).find((one) => one.id === id)).not.toHaveProperty('lastUsedAt');
    const before = Date.now();
    await statusWith(key);
    await eventually(async () => {
      const used = (await list()).find((one) => one.id === id)?.lastUsedAt ?? '';
      expect(Date.parse(used)).toBeGreaterThanOrEqual(before);
    });
  });
});

describe('a request for a key', () => {
  test.each([
    ['nothing', {}, ['/name', '/scopes']],
    ['no scope', { name: 'x', scopes: [] }, ['/scopes']],
    ['an unknown scope', { name: 'x', scopes: ['jobs:read', 'root'] }, ['/scopes/1']],
    ['an empty name', { name: '', scopes: ['admin'] }, ['/name']],
    ['a name with a line break', { name: 'a\nb', scopes: ['admin'] }, ['/name']],
    ['a past expiry', { name: 'x', scopes: ['admin'], expiresAt: '2020-01-01T00:00:00Z' }, ['/expiresAt']],
    ['a tenant that is none', { name: 'x', scopes: ['admin'], tenant: 'a b' }, ['/tenant']],
    ['an unknown field', { name: 'x', scopes: ['admin'], secret: 'mine' }, ['/secret']],
  ])('with %s is refused', async (_what, body, pointers) => {
    expect(await pointersOf(await post(body))).toEqual(pointers);
  });

  test.each(['0000000000000000', 'nonsense', '%00', 'a'.repeat(17)])('to revoke %s finds none', async (id) => {
    expect((await revoke(id)).status).toBe(404);
  });
});

describe('an administrator of a tenant', () => {
  test('makes, sees and revokes keys of the own tenant alone', async () => {
    const acme = await newKey(['admin'], 'acme');
    const [ours, theirs, nobodys] = [await created({}, acme), await created({ tenant: 'globex' }), await created({})];
    const seen = await list(acme);
    expect(seen.every((key) => 'tenant' in key && key.tenant === 'acme')).toBe(true);
    expect(seen.map(({ id }) => id)).toContain(ours.id);
    expect([(await revoke(theirs.id, acme)).status, (await revoke(nobodys.id, acme)).status]).toEqual([404, 404]);
    expect([await statusWith(theirs.key), await statusWith(nobodys.key)]).toEqual([200, 200]);
    expect((await revoke(ours.id, acme)).status).toBe(204);
  });

  test('cannot make a key for another tenant', async () => {
    const acme = await newKey(['admin'], 'acme');
    const body = { name: 'x', scopes: ['admin'], tenant: 'globex' };
    expect(await pointersOf(await post(body, acme))).toEqual(['/tenant']);
  });
});

test('the open feed of a key ends when the key is revoked', async () => {
  const { id, key } = await created({});
  const response = await other.fetch('/api/events', { headers: bearer(key) });
  expect(response.status).toBe(200);
  await revoke(id);
  await expect(response.text()).rejects.toThrow('terminated');
});
