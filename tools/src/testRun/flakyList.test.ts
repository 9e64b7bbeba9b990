import { expect, test } from 'vitest';
import { flakyEntries, flakyRow } from './flakyList.ts';
import { refusalOfKnown } from './secondTry.ts';

const now = new Date('2026-02-10T12:00:00Z');
const row = flakyRow('libs/a.test.ts', 'waits | looks: expected 1, got: 0', new Date('2026-02-01T23:00:00Z'));

test('a row that the command has printed is read again', () => {
  expect(flakyEntries(`| file | … |\n| --- | --- |\n${row}\n`)).toEqual([
    { file: 'libs/a.test.ts', since: '2026-02-01', isMended: false },
  ]);
});

test('a row that cannot be read is reported', () => {
  expect(() => flakyEntries('| `libs/a.test.ts` | yesterday | – | – |')).toThrow(
    /row that cannot be read: \| `libs\/a/,
  );
});

test('a file that has been on the list for more than seven days has no second try until it is mended', () => {
  const known = flakyEntries(row);
  expect(refusalOfKnown('libs/a.test.ts', known, now)).toMatch(/on the list of flaky files since 2026-02-01/);
  expect(refusalOfKnown('libs/a.test.ts', known, new Date('2026-02-05T00:00:00Z'))).toBeUndefined();
  expect(refusalOfKnown('libs/b.test.ts', known, now)).toBeUndefined();
  const mended = flakyEntries(row.replace(/ – \|$/u, ' waits for the projector |'));
  expect(refusalOfKnown('libs/a.test.ts', mended, now)).toBeUndefined();
});
