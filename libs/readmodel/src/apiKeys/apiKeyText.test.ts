import { describe, expect, test } from 'vitest';
import { formatApiKey, hashOfSecret, newApiKey, parseApiKey } from './apiKeyText.ts';

describe('the text of a key', () => {
  test('has a prefix, an id, a secret of 256 bits and a checksum', () => {
    expect(formatApiKey(newApiKey())).toMatch(/^jsk_[0-9a-f]{16}_[0-9a-f]{72}$/);
  });

  test('is read again as it was', () => {
    const key = newApiKey();
    expect(parseApiKey(formatApiKey(key))).toEqual(key);
  });

  test('is another one every time', () => {
    const keys = Array.from({ length: 100 }, newApiKey);
    expect(new Set(keys.map(({ id }) => id)).size).toBe(100);
    expect(new Set(keys.map(({ secret }) => secret)).size).toBe(100);
  });

  test('is refused with any one character mistyped', () => {
    const text = formatApiKey(newApiKey());
    const mistyped = Array.from(text).map(
      (char, at) => `${text.slice(0, at)}${char === '0' ? '1' : '0'}${text.slice(at + 1)}`,
    );
    expect(mistyped.filter((one) => parseApiKey(one) !== undefined)).toEqual([]);
  });

  test.each(['', 'jsk_', 'Bearer', `jsk_${'0'.repeat(16)}_${'0'.repeat(72)}\n`])('is not %j', (text) => {
    expect(parseApiKey(text)).toBeUndefined();
  });
});

test('the hash of a secret is its SHA-256', () => {
  const sha256OfAbc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
  expect(hashOfSecret('abc').toString('hex')).toBe(sha256OfAbc);
});
