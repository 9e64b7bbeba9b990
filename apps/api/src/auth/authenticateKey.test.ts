import { type ApiKeyCredential, formatApiKey, hashOfSecret, newApiKey } from '@jobstream/readmodel';
import { describe, expect, test } from 'vitest';
import { authenticateKey } from './apiKeyCache.ts';

const { id, secret } = newApiKey();
const text = formatApiKey({ id, secret });

function ringWith(credential: Partial<ApiKeyCredential>) {
  const used: string[] = [];
  const known: ApiKeyCredential = {
    id,
    name: 'test',
    scopes: ['jobs:read'],
    tenant: null,
    expiresAt: null,
    secretHash: hashOfSecret(secret),
    madeOpen: false,
    ...credential,
  };
  const find = (wanted: string) => Promise.resolve(wanted === id ? known : undefined);
  const recordUse = (one: string) => void used.push(one);
  return { used, find, recordUse, onRevoked: () => () => undefined };
}

const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();

test('the caller is the key, with its scopes and its tenant, and its use is noted', async () => {
  const ring = ringWith({ scopes: ['jobs:write', 'schedules:write'], tenant: 'acme', expiresAt: inMs(3_600_000) });
  expect(await authenticateKey(text, ring)).toMatchObject({
    actor: { kind: 'api', id },
    scopes: new Set(['jobs:write', 'schedules:write']),
    tenant: 'acme',
  });
  expect(ring.used).toEqual([id]);
});

describe('authenticateKey refuses, without recording a use,', () => {
  const refused = {
    code: 'credentials-refused',
    detail: 'the API key is unknown, revoked, expired, or was made while the API was open',
  };

  test.each([
    ['a key that has expired since it was read', { expiresAt: inMs(-1) }, text],
    ['a wrong secret', {}, formatApiKey({ id, secret: newApiKey().secret })],
    ['an unknown id', {}, formatApiKey(newApiKey())],
  ])('%s', async (_what, credential, given) => {
    const ring = ringWith(credential);
    await expect(authenticateKey(given, ring)).rejects.toMatchObject(refused);
    expect(ring.used).toEqual([]);
  });

  test('a truncated text, without looking it up', async () => {
    const ring = { ...ringWith({}), find: () => Promise.reject(new Error('searched')) };
    await expect(authenticateKey(text.slice(0, -1), ring)).rejects.toMatchObject({
      code: 'credentials-refused',
      detail: 'not an API key: it may be truncated or mistyped',
    });
  });
});
