import { chmod, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { embeddedDatabaseUrl } from './embeddedDatabaseUrl.ts';
import { EmbeddedPostgres } from '@jobstream/servers';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'jobstream-url-'));
  await chmod(folder, 0o755);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('a command finds the embedded database while it runs, and only then', async () => {
  expect(await embeddedDatabaseUrl(folder)).toBeUndefined();
  const postgres = new EmbeddedPostgres({ dataDir: folder });
  await postgres.start();
  const found = await embeddedDatabaseUrl(folder);
  await postgres.stop();
  expect(found).toBe(postgres.url);
  expect(await embeddedDatabaseUrl(folder)).toBeUndefined();
});
