import { mkdtempDisposable, symlink, truncate, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { fileStoreLimit, measureDisk } from './fileStoreLimit.ts';

const MIB = 1024 ** 2;

test.each([
  ['an empty disk', { own: 0, free: 56 * MIB, reserve: 6 * MIB }, 45 * MIB],
  ['a log of 38 MB with 13 MB free', { own: 38 * MIB, free: 13 * MIB, reserve: 3 * MIB }, 47 * MIB],
  ['a disk whose reserve others have taken', { own: 38 * MIB, free: MIB, reserve: 6 * MIB }, 33 * MIB],
  ['a full disk without a log', { own: 0, free: 0, reserve: 6 * MIB }, 1],
])('the limit on %s is what the log has, and nine tenths of what is free beyond the reserve', (_what, disk, limit) => {
  expect(fileStoreLimit(disk)).toBe(limit);
});

test('a disk is measured by what messages take, in all folders, without what links point to', async () => {
  await using folder = await mkdtempDisposable(path.join(os.tmpdir(), 'jobstream-disk-'));
  const messages = path.join(folder.path, 'jetstream', 'streams', 'JOBS', 'msgs');
  await measureDisk(messages);
  await writeFile(path.join(messages, '1.blk'), Buffer.alloc(MIB, 1));
  await writeFile(path.join(messages, '2.blk'), '');
  await truncate(path.join(messages, '2.blk'), 100 * MIB);
  await writeFile(path.join(messages, 'index.db'), Buffer.alloc(MIB, 1));
  await symlink(path.join(messages, '1.blk'), path.join(messages, '3.blk'));
  const { own, free, reserve } = await measureDisk(path.join(folder.path, 'jetstream'));
  expect([own, free > 0, reserve <= 512 * MIB]).toEqual([MIB, true, true]);
});
