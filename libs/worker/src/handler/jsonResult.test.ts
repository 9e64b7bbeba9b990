import { expect, test } from 'vitest';
import { jsonResult } from './jsonResult.ts';
import { UnrecoverableError } from './handlerErrors.ts';

test('undefined is no result', () => {
  expect(jsonResult(undefined)).toBeUndefined();
});

test('what is kept is what JSON makes of the value', () => {
  const value = { at: new Date(0), missing: undefined, list: [1, undefined], nothing: null };
  expect(jsonResult(value)).toEqual({ at: '1970-01-01T00:00:00.000Z', list: [1, null], nothing: null });
});

const cycle: { self?: unknown } = {};
cycle.self = cycle;

test.each([
  ['a BigInt', { n: 1n }, /not JSON: .*BigInt/],
  ['a cycle', cycle, /not JSON: Converting circular structure/],
  ['a function', () => 1, /not JSON: it is a function/],
])('%s is refused for good, in one line', (_name, value, message) => {
  const keep = () => jsonResult(value);
  expect(keep).toThrow(UnrecoverableError);
  expect(keep).toThrow(message);
  expect(keep).toThrow(/^[^\n]*$/);
});

test('a result over 256 KB is refused, counted in bytes', () => {
  expect(jsonResult('a'.repeat(256 * 1024 - 2))).toHaveLength(256 * 1024 - 2);
  expect(() => jsonResult('é'.repeat(131_072))).toThrow('has 262146 bytes of JSON, at most 262144 are kept');
});
