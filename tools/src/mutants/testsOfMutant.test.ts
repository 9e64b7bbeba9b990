import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { testsOfMutant } from './testsOfMutant.ts';

test('the tests come in groups: what has killed mutants of the file or its folder, and what lies near it, first', async () => {
  const root = await mkdtemp(path.join(tmpdir(), 'tests-of-mutant-'));
  onTestFinished(() => rm(root, { recursive: true }));
  await mkdir(path.join(root, 'libs/a/src/room'), { recursive: true });
  const names = [
    'room/code.test.ts',
    'room/code.schedules.test.ts',
    'room/other.test.ts',
    'b.test.ts',
    'c.test.ts',
    'd.test.ts',
  ];
  for (const name of names) await writeFile(path.join(root, 'libs/a/src', name), '');
  const killers = [
    { test: 'libs/a/src/d.test.ts', mutated: 'libs/a/src/room/code.ts' },
    { test: 'libs/a/src/c.test.ts', mutated: 'libs/a/src/room/other.ts' },
    { test: 'libs/a/src/b.test.ts', mutated: 'libs/a/src/b.ts' },
  ];
  expect(testsOfMutant(root, 'libs/a', 'libs/a/src/room/code.ts', killers)).toEqual([
    ['libs/a/src/d.test.ts'],
    ['libs/a/src/room/code.schedules.test.ts', 'libs/a/src/room/code.test.ts'],
    ['libs/a/src/room/other.test.ts'],
    ['libs/a/src/c.test.ts'],
    ['libs/a/src/b.test.ts'],
  ]);
});
