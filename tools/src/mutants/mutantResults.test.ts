import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readResults, testsChangedSince, writeResults } from './mutantResults.ts';
import type { TriedMutant } from './mutantResults.ts';

let root: string;
const code = (text: string) => writeFile(path.join(root, 'libs/a/src/code.ts'), text);
const git = (...words: string[]) =>
  execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...words], {
    cwd: root,
    encoding: 'utf8',
  }).trim();

const tried: TriedMutant[] = [
  { id: 'a', operator: 'comparison', before: 'a < b', after: 'a <= b', verdict: { kind: 'survived' } },
];

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'mutant-results-'));
  await mkdir(path.join(root, 'libs/a/src'), { recursive: true });
  await code('first');
  git('init', '--quiet');
  git('add', '.');
  git('commit', '--quiet', '--message', 'One');
  await writeResults(root, { ...(await readResults(root, 'libs/a', 1)), tried });
});

afterEach(() => rm(root, { recursive: true, force: true }));

test('a run goes on where it was, also when tests have changed since', async () => {
  const commit = git('rev-parse', 'HEAD');
  await writeFile(path.join(root, 'libs/a/src/code.test.ts'), 'a test');
  git('add', '.');
  git('commit', '--quiet', '--message', 'Two');
  const results = await readResults(root, 'libs/a', 1);
  expect(results).toEqual({ package: 'libs/a', commit, seed: 1, tried });
  expect(await testsChangedSince(root, results)).toEqual(new Set(['libs/a/src/code.test.ts']));
});

test('a run with another seed begins anew', async () => {
  expect(await readResults(root, 'libs/a', 2)).toMatchObject({ seed: 2, tried: [] });
});

test('a run of other code begins anew', async () => {
  await code('second');
  expect(await readResults(root, 'libs/a', 1)).toMatchObject({ seed: 1, tried: [] });
});
