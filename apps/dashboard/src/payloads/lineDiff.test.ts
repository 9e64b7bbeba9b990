import { array, assert, constantFrom, property } from 'fast-check';
import { expect, test } from 'vitest';
import { diffLines } from './lineDiff.ts';

const shown = (before: string, after: string) => diffLines(before, after).map(({ kind, line }) => `${kind[0]} ${line}`);

test('a changed line is removed and added between those that stay', () => {
  expect(shown('{\n  "url": 1\n}', '{\n  "endpoint": 1\n}')).toEqual([
    's {',
    'r   "url": 1',
    'a   "endpoint": 1',
    's }',
  ]);
});

test('lines that are inserted before a repeated one are the only change', () => {
  expect(shown('a\na', 'a\nb\na')).toEqual(['s a', 'a b', 's a']);
});

test('both texts can be read from a comparison', () => {
  const text = array(constantFrom('a', 'b', 'c', '}'), { minLength: 1, maxLength: 12 }).map((lines) =>
    lines.join('\n'),
  );
  assert(
    property(text, text, (before, after) => {
      const lines = diffLines(before, after);
      const without = (kind: string) => lines.filter((one) => one.kind !== kind).map(({ line }) => line);
      expect(without('added').join('\n')).toBe(before);
      expect(without('removed').join('\n')).toBe(after);
    }),
  );
});
