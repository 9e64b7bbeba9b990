import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Problem } from '../../problems/problem.ts';
import { parseJson } from './parseJson.ts';

function problemOf(text: string): Problem {
  try {
    parseJson(text);
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  return expect.fail(`${text} was accepted`);
}

const safe = (_name: string, part: unknown) => (typeof part === 'number' ? part % 2 ** 53 : part);

const deep = (text: string) => `{"jobs":[{"payload":${'['.repeat(63)}${text}${']'.repeat(63)}}]}`;

const pointersOf = ({ errors = [] }: Problem) => errors.map((one) => 'pointer' in one && one.pointer);

test.each(['9007199254740991', '-9007199254740991', '9007199254740992', '9007199254740994', '100000000000000000000'])(
  'the integer %s is accepted, since it comes back with the same digits',
  (number) => {
    expect(JSON.stringify(parseJson(`{"n":${number}}`))).toBe(`{"n":${number}}`);
  },
);

test.each([
  '9007199254740993',
  '-9007199254740993',
  '9223372036854775807',
  '18446744073709551615',
  '1152921504606846976', // 2^60, which JavaScript holds and writes as 1152921504606847000
  '1152921504606847000',
  '1180591620717411303424', // 2^70
  `1${'0'.repeat(23)}`,
])('the integer %s is refused wherever it is', (number) => {
  for (const [text, pointer] of [
    [number, ''],
    [` [ 1,${number} ]`, '/1'],
    [`{"a":[{},{"b/c":[[], ${number}]}]}`, '/a/1/b~1c/1'],
    [`{"x":{"y":1},"\\u0061":\n\t${number}}`, '/a'],
  ] as const) {
    const problem = problemOf(text);
    expect(problem.code).toBe('invalid-request');
    expect(pointersOf(problem)).toEqual([pointer]);
  }
});

test('an integer beyond all doubles is refused', () => {
  expect(pointersOf(problemOf(`[${'9'.repeat(400)}]`))).toEqual(['/0']);
});

test.each([
  '0.30000000000000004',
  '12345678901234567890.5',
  '1234567890123456789e3',
  '1e-400',
  '0.10000000000000000555',
])('the fraction %s is rounded to a double', (number) => {
  expect(parseJson(`[${number}]`)).toEqual([Number(number)]);
});

test('digits and what looks like names in strings do no harm', () => {
  const text = JSON.stringify({ id: '9007199254740993', note: 'no. 9007199254740993: "a": 1, "a": 2', a: '":' });
  expect(parseJson(text)).toEqual(JSON.parse(text));
});

test.each([
  ['{"a":1,"a":1}', '/a'],
  ['{"a":1 , "b":{}, "a" : 2}', '/a'],
  ['{"a":1,"\\u0061":2}', '/a'],
  ['{"a\\\\":1,"a\\\\":2,"b":"\\":"}', '/a\\'],
  ['[{"b":{"":[],"c":{},"":1}}]', '/0/b/'],
  ['{"__proto__":1,"__proto__":2}', '/__proto__'],
  ['{"1":{"2":1},"3":{"2":1,"2":0}}', '/3/2'],
])('a name that is given twice in an object is malformed: %s', (text, pointer) => {
  const problem = problemOf(text);
  expect(problem.code).toBe('malformed-json');
  expect(pointersOf(problem)).toEqual([pointer]);
});

test('the same name in two objects is accepted', () => {
  expect(parseJson('{"a":{"a":[{"a":1},{"a":1}]}}')).toEqual({ a: { a: [{ a: 1 }, { a: 1 }] } });
});

test('any value is parsed as JSON.parse does, with or without white space', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(0, 2), (value, space) => {
      const text = JSON.stringify(value, safe, space);
      expect(parseJson(text)).toEqual(JSON.parse(text));
    }),
    { numRuns: 1_000 },
  );
});

test('any name that is given twice is found, whatever else there is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.jsonValue(), fc.nat(2), (name, value, depth) => {
      const [key, other] = [JSON.stringify(name), JSON.stringify(value)];
      const text = `${'['.repeat(depth)}{${key}:${other},${key}:1}${']'.repeat(depth)}`;
      expect(problemOf(text).code).toBe('malformed-json');
    }),
    { numRuns: 1_000 },
  );
});

test('a name or a number is found as deep as payloads may be nested', () => {
  expect(problemOf(deep('{"a":1,"a":2}')).code).toBe('malformed-json');
  expect(problemOf(deep('9007199254740993')).code).toBe('invalid-request');
});

test('a value that is nested as deep as a body is long does not overflow the stack', () => {
  const deepest = '['.repeat(200_000) + ']'.repeat(200_000);
  expect(parseJson(`{"a":1,"b":${deepest},"a":2}`)).toMatchObject({ a: 2 });
});
