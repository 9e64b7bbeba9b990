import { generateKeyPair } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTokenIssuer, type TokenIssuer } from '../../testing/startTokenIssuer.ts';
import type { Caller } from './caller.ts';
import { tokenVerifier } from './tokenVerifier.ts';

let issuer: TokenIssuer;
let verify: (token: string) => Promise<Caller>;

beforeAll(async () => {
  issuer = await startTokenIssuer();
  for (const alg of ['RS256', 'ES256', 'EdDSA', 'RS512', 'ES384']) await issuer.addKey(alg, alg);
  verify = tokenVerifier(issuer.settings);
});
afterAll(() => issuer.stop());

const refused = (detail: string) => ({ code: 'credentials-refused', detail });
const now = () => Math.floor(Date.now() / 1_000);
const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('the verifier accepts a token', () => {
  test.each(['RS256', 'ES256', 'EdDSA'])('signed with %s', async (alg) => {
    expect(await verify(await issuer.sign({}, { alg }))).toMatchObject({
      actor: { kind: 'user', id: 'user-1' },
      scopes: new Set(['jobs:read']),
      tenant: undefined,
    });
  });

  test.each([
    ['in a text', { scope: 'openid jobs:read profile admin' }, ['jobs:read', 'admin']],
    ['in a list', { scope: null, scopes: ['jobs:write', 'jobs:fly', 7] }, ['jobs:write']],
    ['in a text named scopes', { scope: null, scopes: 'schedules:write' }, ['schedules:write']],
    ['in both', { scope: 'jobs:read', scopes: ['jobs:write'] }, ['jobs:read', 'jobs:write']],
    ['nowhere', { scope: null }, []],
    ['in something else', { scope: { admin: true }, scopes: 7 }, []],
  ])('with its scopes %s', async (_where, claims, scopes) => {
    expect((await verify(await issuer.sign(claims))).scopes).toEqual(new Set(scopes));
  });

  test('for several audiences, one of which is this API', async () => {
    await expect(verify(await issuer.sign({ aud: ['billing', 'jobstream'] }))).resolves.toBeDefined();
  });

  test('with a subject of 255 characters', async () => {
    await expect(verify(await issuer.sign({ sub: 'x'.repeat(255) }))).resolves.toBeDefined();
  });

  test('that expired a moment ago', async () => {
    await expect(verify(await issuer.sign({ exp: now() - 1 }))).resolves.toBeDefined();
  });
});

describe('the verifier refuses a token', () => {
  const wrongClaim = refused('a claim of the token is missing or wrong');
  const wrongAlgorithm = refused('the token must be signed with RS256, ES256, EdDSA');

  test.each([
    ['that has expired', { exp: 1_700_000_000 }, refused('the token has expired')],
    ['that never expires', { exp: null }, wrongClaim],
    ['that is not good yet', { nbf: 4_000_000_000 }, wrongClaim],
    ['of another issuer', { iss: 'https://evil.example.com' }, wrongClaim],
    ['without an issuer', { iss: null }, wrongClaim],
    ['for another audience', { aud: 'billing' }, wrongClaim],
    ['for no audience', { aud: null }, wrongClaim],
    ['without a subject', { sub: null }, wrongClaim],
    ['with an empty subject', { sub: '' }, refused('the subject of the token is not valid')],
    ['with a subject that is too long', { sub: 'x'.repeat(256) }, refused('the subject of the token is not valid')],
    ['with a tenant that is none', { tenant: 'a b' }, refused('the tenant of the token is missing or not valid')],
    ['with an empty tenant', { tenant: '' }, refused('the tenant of the token is missing or not valid')],
    ['with several tenants', { tenant: ['a', 'b'] }, refused('the tenant of the token is missing or not valid')],
  ])('%s', async (_what, claims, problem) => {
    await expect(verify(await issuer.sign(claims))).rejects.toMatchObject(problem);
  });

  test.each(['RS512', 'ES384'])('signed with %s, although the key is published', async (alg) => {
    await expect(verify(await issuer.sign({}, { alg }))).rejects.toMatchObject(wrongAlgorithm);
  });

  test('signed with the public key as a shared secret', async () => {
    const published = await (await fetch(issuer.settings.jwksUrl)).text();
    const token = await issuer.sign({}, { alg: 'HS256', kid: 'RS256', key: Buffer.from(published) });
    await expect(verify(token)).rejects.toMatchObject(wrongAlgorithm);
  });

  test('without a signature', async () => {
    const [, claims] = (await issuer.sign()).split('.');
    for (const alg of ['none', 'None', 'NONE']) {
      await expect(verify(`${base64({ alg })}.${claims}.`)).rejects.toMatchObject(wrongAlgorithm);
    }
  });

  test('signed with a key that is not published', async () => {
    const { privateKey } = await generateKeyPair('ES256');
    await expect(verify(await issuer.sign({}, { kid: 'stranger', key: privateKey }))).rejects.toMatchObject(
      refused('the token is signed with an unknown key'),
    );
    await expect(verify(await issuer.sign({}, { kid: 'ES256', key: privateKey }))).rejects.toMatchObject(
      refused('the signature of the token is wrong'),
    );
  });

  test('whose claims were changed afterwards', async () => {
    const [head, claims = '', signature] = (await issuer.sign()).split('.');
    const changed = { ...JSON.parse(Buffer.from(claims, 'base64url').toString()), scope: 'admin' };
    await expect(verify(`${head}.${base64(changed)}.${signature}`)).rejects.toMatchObject(
      refused('the signature of the token is wrong'),
    );
  });

  test.each(['a.b.c', 'nonsense', `${base64({ alg: 'ES256' })}.e30.x`, '..', 'a.b.c.d.e'])('like %j', async (token) => {
    await expect(verify(token)).rejects.toMatchObject({ code: 'credentials-refused' });
  });
});

describe('the tenant of a token', () => {
  test('is read from the configured claim', async () => {
    expect((await verify(await issuer.sign({ tenant: 'acme' }))).tenant).toBe('acme');
    const verifyOrg = tokenVerifier({ ...issuer.settings, tenantClaim: 'https://example.com/org' });
    expect((await verifyOrg(await issuer.sign({ 'https://example.com/org': 'globex', tenant: 'acme' }))).tenant).toBe(
      'globex',
    );
  });

  test('can be required', async () => {
    const verifyStrictly = tokenVerifier({ ...issuer.settings, tenantRequired: true });
    await expect(verifyStrictly(await issuer.sign())).rejects.toMatchObject({ code: 'credentials-refused' });
    expect((await verifyStrictly(await issuer.sign({ tenant: 'acme' }))).tenant).toBe('acme');
  });
});

test('while the keys of the issuer cannot be read, a token is neither accepted nor refused', async () => {
  const other = await startTokenIssuer();
  await other.addKey('ES256', 'ES256');
  const token = await other.sign();
  await other.stop();
  await expect(tokenVerifier(other.settings)(token)).rejects.toMatchObject({ code: 'credentials-unverifiable' });
});

test('the keys of the issuer are read once for many tokens', async () => {
  await using other = await startTokenIssuer();
  await other.addKey('ES256', 'ES256');
  const verifyOther = tokenVerifier(other.settings);
  for (let times = 0; times < 10; times++) await verifyOther(await other.sign());
  expect(other.asked).toBe(1);
});

test('a flood of tokens with unknown keys does not cause a flood of requests to the issuer', async () => {
  await using other = await startTokenIssuer();
  await other.addKey('ES256', 'ES256');
  const verifyOther = tokenVerifier(other.settings);
  const { privateKey: key } = await generateKeyPair('ES256');
  for (let times = 0; times < 10; times++) {
    await expect(verifyOther(await other.sign({}, { kid: `made-up-${times}`, key }))).rejects.toThrow('unknown key');
  }
  expect(other.asked).toBe(1);
});
