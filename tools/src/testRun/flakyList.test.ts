import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { flakyEntries, flakyRow, readFlakyList } from './flakyList.ts';
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

test('each row of the list can be read, before a second try needs it, and names a file', async () => {
  const root = path.resolve(import.meta.dirname, '../../..');
  const listed = await readFlakyList();
  expect(listed.length).toBeGreaterThan(0);
  expect(listed.filter(({ file }) => !existsSync(path.join(root, file)))).toEqual([]);
});

test('a file that has been on the list for more than seven days has no second try until it is mended', () => {
  const known = flakyEntries(row);
  expect(refusalOfKnown('libs/a.test.ts', known, now)).toMatch(/on the list of flaky files since 2026-02-01/);
  expect(refusalOfKnown('libs/a.test.ts', known, new Date('2026-02-05T00:00:00Z'))).toBeUndefined();
  expect(refusalOfKnown('libs/b.test.ts', known, now)).toBeUndefined();
  const mended = flakyEntries(row.replace(/ – \|$/u, ' waits for the projector |'));
  expect(refusalOfKnown('libs/a.test.ts', mended, now)).toBeUndefined();
});
