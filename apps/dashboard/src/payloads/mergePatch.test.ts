import { assert, jsonValue, property } from 'fast-check';
import { expect, test } from 'vitest';
import { applyPatch, isSame, patchBetween } from './mergePatch.ts';

test.each([
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [1] }, { a: [2] }, { a: [2] }],
  [[1], { a: 1 }, { a: 1 }],
  [{ a: 1 }, 'x', 'x'],
])('%j patched with %j is %j', (target, patch, expected) => {
  expect(applyPatch(target, patch)).toEqual(expected);
});

test('a renamed field is a patch that removes the one and sets the other', () => {
  expect(patchBetween({ url: 'x', n: 1 }, { endpoint: 'x', n: 1 })).toEqual({ url: null, endpoint: 'x' });
});

test('a patch cannot set null', () => {
  expect(patchBetween({ a: 1 }, { a: null })).toBeUndefined();
});

test('a patch between two values leads from the one to the other', () => {
  assert(
    property(jsonValue(), jsonValue(), (before, after) => {
      const patch = patchBetween(before, after);
      expect(patch === undefined || isSame(applyPatch(before, patch), after)).toBe(true);
    }),
  );
});
