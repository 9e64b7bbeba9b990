import { forEachTest } from '@jobstream/test-support';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ReadModelUnavailableError } from '../errors.ts';
import { migratedDatabase } from '../../testing/migratedDatabase.ts';
import type { NewApiKey } from './apiKey.ts';
import { ApiKeys } from './apiKeys.ts';
import { formatApiKey, hashOfSecret, newApiKey, parseApiKey } from './apiKeyText.ts';

const database = forEachTest(migratedDatabase);
let keys: ApiKeys;

beforeEach(async () => {
  keys = new ApiKeys({ databaseUrl: database.url, name: 'test', queryMs: 30_000 });
  await keys.start();
});

afterEach(async () => {
  await keys.stop();
});

const create = (wanted: Partial<NewApiKey> = {}) =>
  keys.create({ name: 'billing', scopes: ['jobs:read'], tenant: null, expiresAt: null, ...wanted });
const activeIds = async () => (await keys.active()).map(({ id }) => id);
const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();

test('a new key is shown with everything but its secret, which only its text has', async () => {
  const expiresAt = inMs(3_600_000);
  const { key, text } = await create({ scopes: ['jobs:write', 'admin'], tenant: 'acme', expiresAt });
  const createdAt = expect.stringMatching(/^\d{4}-.+Z$/);
  expect(key).toEqual({
    id: parseApiKey(text)?.id,
    name: 'billing',
    scopes: ['jobs:write', 'admin'],
    tenant: 'acme',
    createdAt,
    expiresAt,
    revokedAt: null,
    lastUsedAt: null,
    madeOpen: false,
  });
  expect(await keys.list()).toEqual([key]);
});

test('the table holds the hash of the secret and nothing that the secret can be read from', async () => {
  const { text } = await create();
  const secret = parseApiKey(text)?.secret ?? '';
  const [credential] = await keys.active();
  expect(credential?.secretHash).toEqual(hashOfSecret(secret));
  const rows = await database.query<{ row: string }>('SELECT api_keys::text AS row FROM api_keys');
  expect(rows).toHaveLength(1);
  expect(rows[0]?.row).not.toContain(secret.slice(0, 12));
});

describe('the active keys', () => {
  test('are keys that are neither revoked nor expired', async () => {
    const [current, late, revoked] = [await create({ expiresAt: inMs(3_600_000) }), await create(), await create()];
    await create({ expiresAt: inMs(-1) });
    expect(await keys.revoke(revoked.key.id)).toBe(true);
    expect((await activeIds()).toSorted()).toEqual([current.key.id, late.key.id].toSorted());
  });
});

describe('a revoked key', () => {
  test('keeps the time of the first revocation, and stays in the list', async () => {
    const { key } = await create();
    await keys.revoke(key.id);
    const [first] = await keys.list();
    expect(first?.revokedAt).not.toBeNull();
    expect(await keys.revoke(key.id)).toBe(true);
    expect(await keys.list()).toEqual([first]);
  });

  test('is not found by an id that no key has', async () => {
    expect(await keys.revoke('0000000000000000')).toBe(false);
  });
});

test('a tenant limits lists and revocations to its own keys', async () => {
  const [ours, others, unowned] = [
    await create({ tenant: 'acme' }),
    await create({ tenant: 'other' }),
    await create({ tenant: null }),
  ];
  expect((await keys.list('acme')).map(({ id }) => id)).toEqual([ours.key.id]);
  expect(await keys.revoke(others.key.id, 'acme')).toBe(false);
  expect(await keys.revoke(unowned.key.id, 'acme')).toBe(false);
  expect(await activeIds()).toHaveLength(3);
  expect(await keys.revoke(ours.key.id, 'acme')).toBe(true);
});

test('the time of the last use only moves forward', async () => {
  const { key } = await create();
  await keys.touch(new Map([[key.id, Date.parse('2026-01-01T10:00:00Z')]]));
  await keys.touch(new Map([[key.id, Date.parse('2026-01-01T09:00:00Z')]]));
  expect((await keys.list())[0]?.lastUsedAt).toBe('2026-01-01T10:00:00.000Z');
});

test('an invalid key is rejected with all mistakes at once', async () => {
  const mistakes = { name: 'a\nb', scopes: ['root' as 'admin'], tenant: 'a b' };
  await expect(create(mistakes)).rejects.toThrow(
    'a name has 1 to 100 printable characters\n' +
      'scopes are one or more of jobs:read, jobs:write, jobs:debug, schedules:write, admin\n' +
      'a tenant has 1 to 64 letters, digits, dots, dashes and underscores',
  );
  await expect(create({ scopes: [] })).rejects.toThrow('scopes are one or more of');
  expect(await keys.list()).toEqual([]);
});

test('the database rejects unknown scopes', async () => {
  const insert = `INSERT INTO api_keys (id, name, scopes, secret_hash) VALUES ('x', 'x', $1, '')`;
  for (const scopes of [['root'], ['admin', 'root'], []]) {
    await expect(database.query(insert, [scopes])).rejects.toThrow('api_keys_scopes_known');
  }
});

test('methods reject as unavailable while Postgres is unreachable', async () => {
  const unreachable = new ApiKeys({ databaseUrl: 'postgres://127.0.0.1:1/none', name: 'test' });
  await unreachable.start();
  await expect(unreachable.active()).rejects.toThrow(ReadModelUnavailableError);
  await unreachable.stop();
});

describe('a key that was made elsewhere', () => {
  const wanted: NewApiKey = { name: 'first', scopes: ['admin'], tenant: null, expiresAt: null };

  test('is stored as it is, and storing it again changes nothing', async () => {
    const made = newApiKey();
    const key = await keys.adopt(formatApiKey(made), wanted);
    expect(key).toMatchObject({ id: made.id, name: 'first', scopes: ['admin'] });
    expect((await keys.active())[0]?.secretHash).toEqual(hashOfSecret(made.secret));
    await keys.revoke(made.id);
    expect(await keys.adopt(formatApiKey(made), { ...wanted, name: 'second' })).toMatchObject({
      name: 'first',
      revokedAt: expect.any(String),
    });
    expect(await keys.active()).toEqual([]);
  });

  test('is rejected when it is no key, or when another key has its id', async () => {
    await expect(keys.adopt('jsk_x', wanted)).rejects.toThrow('this is not the text of a key');
    const made = newApiKey();
    await keys.adopt(formatApiKey(made), wanted);
    const other = formatApiKey({ ...newApiKey(), id: made.id });
    await expect(keys.adopt(other, wanted)).rejects.toThrow(`there is another key with the id ${made.id}`);
  });
});
