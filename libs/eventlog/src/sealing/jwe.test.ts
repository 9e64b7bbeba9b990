import { randomBytes } from 'node:crypto';
import { compactDecrypt, CompactEncrypt } from 'jose';
import { expect, test } from 'vitest';
import { headerOf, open, seal } from './jwe.ts';

const key = randomBytes(32);
const text = Buffer.from('{"to":"user@example.com"}');

test('jose opens what `seal` returns', async () => {
  const { plaintext, protectedHeader } = await compactDecrypt(seal(text, key, { kid: 'job-1' }), key);
  expect(Buffer.from(plaintext)).toEqual(text);
  expect(protectedHeader).toEqual({ alg: 'dir', enc: 'A256GCM', kid: 'job-1' });
});

test('`open` opens what jose encrypts', async () => {
  const header = { alg: 'dir', enc: 'A256GCM', kid: 'job-1' };
  const token = await new CompactEncrypt(text).setProtectedHeader(header).encrypt(key);
  expect(headerOf(token)).toMatchObject({ kid: 'job-1' });
  expect(Buffer.from(open(token, key))).toEqual(text);
});

test('`open` refuses a changed part, another key and any other text', () => {
  const token = seal(text, key, { kid: 'job-1' });
  const parts = token.split('.');
  for (const index of [0, 2, 3, 4]) {
    const changed = parts.map((part, at) => (at === index ? Buffer.from(part, 'base64url') : part));
    const bytes = changed[index] as Buffer;
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    const spoilt = changed.map((part) => (typeof part === 'string' ? part : part.toString('base64url'))).join('.');
    expect(() => open(spoilt, key)).toThrow(Error);
  }
  expect(() => open(token, randomBytes(32))).toThrow(Error);
  for (const strange of ['', 'a.b.c.d.e', '....', Buffer.from('{"alg":"none"}').toString('base64url')]) {
    expect(headerOf(strange)).toBeUndefined();
    expect(() => open(strange, key)).toThrow(Error);
  }
});

test('sealing a text twice gives different ciphertexts', () => {
  const [first, second] = [seal(text, key, { kid: 'job-1' }), seal(text, key, { kid: 'job-1' })];
  expect(first.split('.').slice(2)).not.toEqual(second.split('.').slice(2));
});
