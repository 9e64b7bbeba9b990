import { mkdtempDisposable, symlink, truncate, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { fileStoreLimit, measureDisk } from './fileStoreLimit.ts';

const MIB = 1024 ** 2;

test.each([
  ['an empty disk', { size: 64 * MIB, own: 0, free: 64 * MIB, reserve: 6 * MIB }, 58 * MIB],
  ['a log of 38 MB with 13 MB free', { size: 64 * MIB, own: 38 * MIB, free: 13 * MIB, reserve: 6 * MIB }, 45 * MIB],
  ['a disk whose reserve others have taken', { size: 64 * MIB, own: 38 * MIB, free: MIB, reserve: 6 * MIB }, 33 * MIB],
  ['a full disk without a log', { size: 64 * MIB, own: 0, free: 0, reserve: 6 * MIB }, 1],
])('the limit on %s is what the log has, and what is free without the reserve', (_what, disk, limit) => {
  expect(fileStoreLimit(disk)).toBe(limit);
});

test('a disk is measured by what files take, in all folders, without what links point to', async () => {
  await using folder = await mkdtempDisposable(path.join(os.tmpdir(), 'jobstream-disk-'));
  const store = path.join(folder.path, 'jetstream', 'streams');
  await measureDisk(store);
  await writeFile(path.join(store, 'blocks'), Buffer.alloc(MIB, 1));
  await writeFile(path.join(store, 'sparse'), '');
  await truncate(path.join(store, 'sparse'), 100 * MIB);
  await symlink(path.join(store, 'blocks'), path.join(store, 'link'));
  const { own, size, free, reserve } = await measureDisk(path.join(folder.path, 'jetstream'));
  expect([own >= MIB, own < 2 * MIB, free < size]).toEqual([true, true, true]);
  expect(reserve).toBe(Math.min(Math.floor(size / 10), 512 * MIB));
});
