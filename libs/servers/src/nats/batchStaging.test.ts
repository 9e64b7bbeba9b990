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

test('the folder of a stream is linked before the server creates it', async () => {
  expect(await stageBatchesInMemory(stream, memory)).toBe(true);
  expect(path.dirname(await readlink(link()))).toBe(memory);
});

test('a link that the server removed is created again, to the same folder, emptied', async () => {
  await stageBatchesInMemory(stream, memory);
  const folder = await readlink(link());
  await mkdir(path.join(folder, 'left'));
  await rm(link());
  expect(await stageBatchesInMemory(stream, memory)).toBe(true);
  expect(await readlink(link())).toBe(folder);
  expect(await readdir(folder)).toEqual([]);
});

test('an existing link and the contents of its folder are kept', async () => {
  await stageBatchesInMemory(stream, memory);
  await mkdir(path.join(link(), 'open'));
  expect(await stageBatchesInMemory(stream, memory)).toBe(true);
  expect(await readdir(link())).toEqual(['open']);
});

test('a link to another folder is replaced, and a missing target folder is created again', async () => {
  await mkdir(stream, { recursive: true });
  await symlink(path.join(scratch, 'elsewhere'), link());
  expect(await stageBatchesInMemory(stream, memory)).toBe(true);
  await rm(await readlink(link()), { recursive: true });
  expect(await stageBatchesInMemory(stream, memory)).toBe(true);
  expect(await readdir(link())).toEqual([]);
});

test('unstaging removes the link and its folder', async () => {
  await stageBatchesInMemory(stream, memory);
  await unstage(stream);
  await unstage(stream);
  expect(await readdir(memory)).toEqual([]);
  expect(await readdir(stream)).toEqual([]);
});

test('a folder is replaced by the link once it is empty', async () => {
  await mkdir(path.join(link(), 'open'), { recursive: true });
  const staged = stageBatchesInMemory(stream, memory);
  await rm(path.join(link(), 'open'), { recursive: true });
  expect(await staged).toBe(true);
  expect(path.dirname(await readlink(link()))).toBe(memory);
});

test('staging returns false and changes nothing without a file system in memory', async () => {
  expect(await stageBatchesInMemory(stream, path.join(scratch, 'none'))).toBe(false);
  expect(await readdir(scratch)).toEqual(['memory']);
});

test('a folder that other users can read is not used', async () => {
  await stageBatchesInMemory(stream, memory);
  const folder = await readlink(link());
  await rm(link());
  await chmod(folder, 0o755);
  await writeFile(path.join(folder, 'theirs'), '');
  expect(await stageBatchesInMemory(stream, memory)).toBe(false);
  expect(await readdir(folder)).toEqual(['theirs']);
  expect(await readdir(stream)).toEqual([]);
});
