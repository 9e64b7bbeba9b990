import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { originalJson, originalText, storableJson, storableText } from './storableValues.ts';

const anyText = fc.string({ unit: 'binary' });
const nastyText = fc.array(fc.constantFrom('\0', '\ufdd0', '\ud800', '\udfff', '0000', '\\', '"', 'u0000', '😀'));
const text = fc.oneof(
  anyText,
  nastyText.map((parts) => parts.join('')),
);

test('plain text is stored as it is', () => {
  expect(storableText('Grüße, 😀')).toBe('Grüße, 😀');
  expect(storableJson({ a: 'Grüße \\u0000 😀' })).toBe(String.raw`{"a":"Grüße \\u0000 😀"}`);
});

test('what Postgres cannot store is written so that a person can read it', () => {
  expect(storableText('a\0b\ud800c')).toBe('a\ufdd00000b\ufdd0d800c');
  expect(storableJson({ 'k\0': ['\ud800', '\ufdd0'] })).toBe('{"k\ufdd00000":["\ufdd0d800","\ufdd0fdd0"]}');
});

test('every text comes back as it was and never holds what Postgres refuses', () => {
  fc.assert(
    fc.property(text, (original) => {
      const stored = storableText(original);
      expect(stored).not.toContain('\0');
      expect(stored.isWellFormed()).toBe(true);
      expect(originalText(stored)).toBe(original);
    }),
  );
});

test('every JSON value comes back as it was and never holds what Postgres refuses', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), text, text, (value, key, member) => {
      const original: unknown = JSON.parse(JSON.stringify({ value, [key]: member }));
      const stored = storableJson(original);
      expect(stored.replaceAll('\\\\', '')).not.toMatch(/\\u0000|\\ud/);
      expect(originalJson(stored)).toEqual(original);
    }),
  );
});

test('a value that cannot be made into JSON text is replaced by a note', () => {
  const deep: unknown = JSON.parse('['.repeat(50_000) + ']'.repeat(50_000));
  expect(originalJson(storableJson(deep))).toBe('(nested too deep to be shown)');
});

test('undefined is stored as null', () => {
  expect(storableJson(undefined)).toBe('null');
});
