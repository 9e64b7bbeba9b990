import { assert, bigInt, double, jsonValue, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { comesBack, hasInexactNumber, mayBeInexact, parseExactly } from './inexactNumbers.ts';

describe('a number in a JSON text', () => {
  test.each(['0', '-1', '9007199254740991', '9007199254740992', '1152921504606847000', '1e21', '0.1', '1e300', '-0'])(
    '%s comes back from JavaScript',
    (source) => expect(comesBack(source)).toBe(true),
  );

  test.each([
    '9007199254740993',
    '-9007199254740993',
    '1152921504606846976',
    '12345678901234567890',
    '1e999',
    '-1e400',
  ])('%s does not', (source) => expect(comesBack(source)).toBe(false));

  test('is found wherever it stands, and not in a string', () => {
    expect(hasInexactNumber('{"a":[1,{"b":9007199254740993}]}')).toBe(true);
    expect(hasInexactNumber(String.raw`{"a \" 9007199254740993":"9007199254740993","b":["\\",1]}`)).toBe(false);
  });
});

test('every whole number that JavaScript writes with all its digits comes back, and no other', () => {
  const holds = property(bigInt({ min: -(2n ** 69n), max: 2n ** 69n }), (integer) => {
    const source = String(integer);
    expect(comesBack(source)).toBe(String(Number(source)) === source);
  });
  assert(holds);
});

test('no value that JavaScript has written is taken for inexact', () => {
  assert(
    property(jsonValue(), double({ noNaN: true, noDefaultInfinity: true }), (value, number) => {
      expect(hasInexactNumber(JSON.stringify([value, number]))).toBe(false);
    }),
  );
});

test('a value is looked at more closely for its large numbers and its depth', () => {
  expect([{ a: [2 ** 53] }, [-(2 ** 53)], Infinity].map((value) => mayBeInexact(value))).toEqual([true, true, true]);
  expect([{ a: [1, 'x', null, 0.5] }, undefined, 2 ** 53 - 1].map((value) => mayBeInexact(value))).toEqual([
    false,
    false,
    false,
  ]);
  let deep: unknown = 1;
  for (let depth = 0; depth < 100_000; depth++) deep = [deep];
  expect(mayBeInexact(deep)).toBe(true);
});

test('what is parsed to be written down again keeps its digits', () => {
  const text = '{"id":1234567890123456789,"list":[-9007199254740993,1e999,2,0.5],"text":"9007199254740993"}';
  expect(JSON.stringify(parseExactly(text))).toBe(text);
  expect(parseExactly('[2,0.5,"3",null,true]')).toEqual([2, 0.5, '3', null, true]);
});
