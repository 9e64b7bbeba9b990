import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startS3 } from '@jobstream/test-support';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ArchiveStore } from './archiveStore.ts';
import { ArchiveUnavailableError } from './errors.ts';
import { FolderStore } from './folderStore.ts';
import { openArchive } from './openArchive.ts';
import { S3Store } from './s3Store.ts';

const s3 = await startS3();
const missing = 'missing' in s3 ? s3.missing : undefined;
if (missing !== undefined) process.stdout.write(`the store in a bucket is not tested: ${missing}\n`);
let folder: string;
let made = 0;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'archive-store-'));
});

afterAll(async () => {
  if (!('missing' in s3)) await s3.stop();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(() => {
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) vi.stubEnv(name, 'test');
  vi.stubEnv('AWS_REGION', 'us-east-1');
});

const stores: [string, () => ArchiveStore][] = [['a folder', () => new FolderStore(path.join(folder, String(++made)))]];
if (!('missing' in s3)) stores.push(['a bucket', () => new S3Store({ ...s3, prefix: `test-${++made}/` })]);

describe.each(stores)('%s', (_name, newStore) => {
  test('keeps what is written, whole and in part', async () => {
    const store = newStore();
    const body = Buffer.from([0, 1, 2, 255, 10, 13]);
    await store.write('segments/a', body);
    expect(Buffer.from((await store.read('segments/a')) ?? [])).toEqual(body);
    expect([...((await store.read('segments/a', { offset: 2, bytes: 2 })) ?? [])]).toEqual([2, 255]);
    expect([...((await store.read('segments/a', { offset: 4, bytes: 9 })) ?? [])]).toEqual([10, 13]);
    expect((await store.read('segments/a', { offset: 6, bytes: 1 }))?.length).toBe(0);
  });

  test('returns nothing for a missing file, whole or in part', async () => {
    const store = newStore();
    expect(await store.read('segments/none')).toBeUndefined();
    expect(await store.read('segments/none', { offset: 0, bytes: 1 })).toBeUndefined();
  });

  test('replaces a file that is written again', async () => {
    const store = newStore();
    for (const text of ['first', 'second']) await store.write('segments/a', Buffer.from(text));
    expect(Buffer.from((await store.read('segments/a')) ?? []).toString()).toBe('second');
  });

  test('lists the files of one folder after a name, in order', async () => {
    const store = newStore();
    expect(await store.list('manifest', '')).toEqual([]);
    for (const name of ['manifest/3', 'manifest/1', 'segments/2', 'manifest/2']) await store.write(name, Buffer.of(1));
    expect(await store.list('manifest', '')).toEqual(['manifest/1', 'manifest/2', 'manifest/3']);
    expect(await store.list('manifest', 'manifest/1')).toEqual(['manifest/2', 'manifest/3']);
  });

  test('creates a file once, however many try', async () => {
    const store = newStore();
    const texts = Array.from({ length: 8 }, (_, index) => String(index));
    const created = await Promise.all(texts.map((text) => store.create('manifest/1', Buffer.from(text))));
    expect(created.filter(Boolean)).toHaveLength(1);
    const winner = Buffer.from((await store.read('manifest/1')) ?? []).toString();
    expect(winner).toBe(texts[created.indexOf(true)]);
    expect(await store.create('manifest/1', Buffer.of(1))).toBe(false);
  });
});

test('a bucket that cannot be reached is unavailable', async () => {
  vi.stubEnv('AWS_MAX_ATTEMPTS', '1');
  const store = new S3Store({ bucket: 'archive', prefix: '', endpoint: 'http://127.0.0.1:1' });
  await expect(store.read('segments/a')).rejects.toThrow(ArchiveUnavailableError);
});

test('settings name a folder, a bucket with a prefix, or nothing', () => {
  expect(openArchive({ ARCHIVE: undefined })).toBeUndefined();
  expect(openArchive({ ARCHIVE: '/var/archive' })?.store).toBeInstanceOf(FolderStore);
  expect(openArchive({ ARCHIVE: 's3://bucket/prefix' })?.store).toBeInstanceOf(S3Store);
});
