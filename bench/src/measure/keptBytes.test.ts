import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { scratchDataFolder } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { sectorsOf } from './diskBytes.ts';
import { keptBytes } from './keptBytes.ts';
import { receivedOf } from './loopbackBytes.ts';

test('files of a folder and those below it count, the segments that Postgres writes again do not', async () => {
  const folder = await scratchDataFolder('kept');
  const write = async (name: string, bytes: number) => {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, Buffer.alloc(bytes, 1));
  };
  await write('a', 40_960);
  await write('base/1/b', 81_920);
  await write('postgres/pg_wal/000001', 16_777_216);
  const kept = await keptBytes(folder);
  expect(kept).toBeGreaterThanOrEqual(122_880);
  expect(kept).toBeLessThan(1_000_000);
});

test('what a device has received is read from its line', () => {
  const text = 'Inter-|   Receive\n face |bytes    packets\n    lo: 4711       3    0\n  eth0: 12 1 0\n';
  expect(receivedOf('lo', text)).toBe(4_711);
});

test('what was written to a disk is read from its line', () => {
  const text = ' 254       0 vda 10 0 80 1 20 3 4711 9 0 1 2\n 254       1 vda1 10 0 80 1 20 3 12 9 0 1 2\n';
  expect(sectorsOf((254 << 8) | 0, text)).toBe(4_711);
  expect(sectorsOf((254 << 8) | 1, text)).toBe(12);
  expect(sectorsOf(5, text)).toBeNaN();
});
