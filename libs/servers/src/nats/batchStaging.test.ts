import { chmod, mkdir, mkdtemp, readdir, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stageBatchesInMemory, unstage } from './batchStaging.ts';

let scratch: string;
let memory: string;
let stream: string;
const link = () => path.join(stream, 'batches');

beforeEach(async () => {
  scratch = await mkdtemp(path.join(os.tmpdir(), 'jobstream-staging-'));
  memory = path.join(scratch, 'memory');
  stream = path.join(scratch, 'data', 'streams', 'JOBS');
  await mkdir(memory);
});
afterEach(() => rm(scratch, { recursive: true, force: true }));

test('a stream gets its folder before the server makes it', async () => {
  expect(await stageBatchesInMemory(stream, memory)).toBe(true);
  expect(path.dirname(await readlink(link()))).toBe(memory);
});

test('what the server has removed is linked again, to the same folder, emptied', async () => {
  await stageBatchesInMemory(stream, memory);
  const folder = await readlink(link());
  await mkdir(path.join(folder, 'left'));
  await rm(link());
  expect(await stageBatchesInMemory(stream, memory)).toBe(true);
  expect(await readlink(link())).toBe(folder);
  expect(await readdir(folder)).toEqual([]);
});

test('a link that is there stays, with what is in its folder', async () => {
  await stageBatchesInMemory(stream, memory);
  await mkdir(path.join(link(), 'open'));
  expect(await stageBatchesInMemory(stream, memory)).toBe(true);
  expect(await readdir(link())).toEqual(['open']);
});

test('a link to elsewhere, as copied data has it, is replaced; one to a folder that is gone leads somewhere again', async () => {
  await mkdir(stream, { recursive: true });
  await symlink(path.join(scratch, 'elsewhere'), link());
  expect(await stageBatchesInMemory(stream, memory)).toBe(true);
  await rm(await readlink(link()), { recursive: true });
  expect(await stageBatchesInMemory(stream, memory)).toBe(true);
  expect(await readdir(link())).toEqual([]);
});

test('nothing is left of it after an orderly end', async () => {
  await stageBatchesInMemory(stream, memory);
  await unstage(stream);
  await unstage(stream);
  expect(await readdir(memory)).toEqual([]);
  expect(await readdir(stream)).toEqual([]);
});

test('an empty folder makes way; one with a batch in it does so when the batch is over', async () => {
  await mkdir(path.join(link(), 'open'), { recursive: true });
  const staged = stageBatchesInMemory(stream, memory);
  await rm(path.join(link(), 'open'), { recursive: true });
  expect(await staged).toBe(true);
  expect(path.dirname(await readlink(link()))).toBe(memory);
});

test('without such a file system nothing is done', async () => {
  expect(await stageBatchesInMemory(stream, path.join(scratch, 'none'))).toBe(false);
  expect(await readdir(scratch)).toEqual(['memory']);
});

test('a folder that others may look into is left alone', async () => {
  await stageBatchesInMemory(stream, memory);
  const folder = await readlink(link());
  await rm(link());
  await chmod(folder, 0o755);
  await writeFile(path.join(folder, 'theirs'), '');
  expect(await stageBatchesInMemory(stream, memory)).toBe(false);
  expect(await readdir(folder)).toEqual(['theirs']);
  expect(await readdir(stream)).toEqual([]);
});
