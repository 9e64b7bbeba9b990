import { cp, mkdtemp, rename, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { postgresHome } from './postgresHome.ts';

/** An account that cannot reach the folders of the test. */
const account = { uid: 4_000_000, gid: 4_000_000 };
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'jobstream-home-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function home(name: string): Promise<string> {
  return postgresHome(path.join(folder, name), account, path.join(folder, 'shared'));
}

test('a data folder keeps its data after it was moved', async () => {
  const data = await home('data');
  expect(await home('data')).toBe(data);
  await rename(path.join(folder, 'data'), path.join(folder, 'moved'));
  expect(await home('moved')).toBe(data);
});

test('a copy of a data folder does not share the data of the original', async () => {
  const data = await home('data');
  await cp(path.join(folder, 'data'), path.join(folder, 'copy'), { recursive: true, verbatimSymlinks: true });
  await expect(home('copy')).rejects.toThrow('leads to the same data');
  await rm(path.join(folder, 'copy/postgres'));
  expect(await home('copy')).not.toBe(data);
  expect(await home('data')).toBe(data);
});
