import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { drawTiming, mutantsIn } from './drawMutants.ts';
import { writeResults } from './mutantResults.ts';
import type { Mutant } from './mutationOperators.ts';

let root: string;
const calls = (name: string) => Array.from({ length: 9 }, (_, index) => `async () => { await ${name}${index}(); };`);

async function writePackage(name: string, lines: readonly string[]): Promise<void> {
  await mkdir(path.join(root, 'libs', name, 'src'), { recursive: true });
  await writeFile(path.join(root, 'libs', name, 'src/code.ts'), lines.join('\n'));
}

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'draw-mutants-'));
  await writePackage('a', [...calls('a'), 'if (x < 1) f();']);
  await writePackage('b', calls('b').slice(0, 2));
});

afterEach(() => rm(root, { recursive: true, force: true }));

async function drawn(seed: number): Promise<string[]> {
  return (await drawTiming(root, ['libs/a', 'libs/b'], seed)).map(({ before }) => before);
}

test('a seed draws the mutants of time of the packages in turn, in an order of its own', async () => {
  const first = await drawn(7);
  expect(first.slice(0, 5).map((before) => before.charAt(6))).toEqual(['a', 'b', 'a', 'b', 'a']);
  expect(first).toHaveLength(11);
  expect(await drawn(7)).toEqual(first);
  expect(await drawn(8)).not.toEqual(first);
});

test('a mutant that was tried is not drawn, also when its line has moved', async () => {
  const [first] = await mutantsIn(root, 'libs/b');
  const tried = { ...(first as Mutant), verdict: { kind: 'survived' as const } };
  await writeResults(root, { package: 'libs/b', commit: '0123456789', seed: 1, tried: [tried] });
  await writePackage('b', ['', ...calls('b').slice(0, 2)]);
  expect((await drawTiming(root, ['libs/b'], 7)).map(({ before }) => before)).toEqual(['await b1()']);
});
