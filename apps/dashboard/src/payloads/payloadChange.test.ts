import { assert, jsonValue, property } from 'fast-check';
import { expect, test } from 'vitest';
import { changeBetween, isSame, type PayloadChange } from './payloadChange.ts';

const SENDER = { op: 'rename', path: '/url', to: '/endpoint' } as const;

test.each<[string, unknown, unknown, PayloadChange | undefined]>([
  ['what is the same needs none', { a: [1] }, { a: [1] }, {}],
  ['a field with another value is replaced', { a: 'b', n: 1 }, { a: 'c', n: 1 }, { patch: { a: 'c' } }],
  ['a field under another name is renamed', { url: 'x', n: 1 }, { endpoint: 'x', n: 1 }, { edits: [SENDER] }],
  [
    'a field that is new is set where it is missing',
    {},
    { a: null },
    { edits: [{ op: 'setIfMissing', path: '/a', value: null }] },
  ],
  ['a field that is gone is removed', { a: 1, b: 2 }, { b: 2 }, { edits: [{ op: 'remove', path: '/a' }] }],
  [
    'fields of objects, all at once',
    { to: { mail: 'x', 'a/b': 1 }, n: 1, cc: 'y' },
    { to: { mail: 'z', 'c~d': 1 }, n: 1 },
    {
      edits: [
        { op: 'remove', path: '/cc' },
        { op: 'rename', path: '/to/a~1b', to: '/to/c~0d' },
      ],
      patch: { to: { mail: 'z' } },
    },
  ],
  [
    'of two fields that were the same, each is moved once',
    { a: 1, b: 1 },
    { c: 1 },
    {
      edits: [
        { op: 'rename', path: '/a', to: '/c' },
        { op: 'remove', path: '/b' },
      ],
    },
  ],
  ['a list is replaced as a whole', { a: [1] }, { a: [null] }, { patch: { a: [null] } }],
  ['a payload that is no object is replaced', 'x', ['y'], { patch: ['y'] }],
  ['a payload becomes null', { a: 1 }, null, { patch: null }],
  ['no patch sets null', { a: 1 }, { a: null }, undefined],
  ['nor within an object that is new in its place', { a: 1 }, { a: { b: null } }, undefined],
])('%s: from %j to %j', (_, before, after, change) => {
  expect(changeBetween(before, after)).toEqual(change);
});

test('values are the same whatever the order of their fields, and differ otherwise', () => {
  assert(property(jsonValue(), (value) => isSame(value, structuredClone(value))));
  expect(isSame({ a: 1, b: [{ c: 2, d: 3 }] }, { b: [{ d: 3, c: 2 }], a: 1 })).toBe(true);
  expect([isSame({ a: 1 }, { b: 1 }), isSame([1], [1, 2]), isSame({}, []), isSame(null, {})]).toEqual(
    Array.from({ length: 4 }, () => false),
  );
});
