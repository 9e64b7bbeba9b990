import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keepInCache } from '../programs/cacheFolder.ts';
import { resolveNatsServer } from './resolveNatsServer.ts';

let folder: string;
let env: NodeJS.ProcessEnv;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'jobstream-resolve-'));
  env = { PATH: path.join(folder, 'path'), XDG_CACHE_HOME: path.join(folder, 'cache') };
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Writes a program that prints the version as nats-server does. */
async function server(name: string, version: string): Promise<string> {
  const file = path.join(folder, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `#!/bin/sh\necho 'nats-server: v${version}'\n`);
  await chmod(file, 0o755);
  return file;
}

test('the binary in NATS_SERVER takes precedence over the PATH', async () => {
  await server('path/nats-server', '2.15.1');
  const named = await server('mine', '2.14.4');
  expect(await resolveNatsServer({ env: { ...env, NATS_SERVER: named } })).toBe(named);
});

test('an older binary in NATS_SERVER is refused and not replaced by another', async () => {
  await server('path/nats-server', '2.15.1');
  const named = await server('mine', '2.14.3');
  const sentence = `NATS_SERVER=${named} is version 2.14.3, but 2.14.4 or newer is needed.`;
  await expect(resolveNatsServer({ env: { ...env, NATS_SERVER: named } })).rejects.toThrow(sentence);
});

test('a NATS_SERVER that does not run is refused', async () => {
  await expect(resolveNatsServer({ env: { ...env, NATS_SERVER: '/nowhere' } })).rejects.toThrow(
    'NATS_SERVER=/nowhere is not a nats-server that runs here.',
  );
});

test('the binary on the PATH is used if it is new enough, else the newest in the cache', async () => {
  const kept = await server('cache/jobstream/bin/nats-server-2.15.1', '2.15.1');
  await server('cache/jobstream/bin/nats-server-2.14.5', '2.14.5');
  await server('path/nats-server', '2.10.27');
  expect(await resolveNatsServer({ env })).toBe(kept);
  const installed = await server('path/nats-server', '2.16.0');
  expect(await resolveNatsServer({ env })).toBe(installed);
});

test('concurrent fetches leave one complete file', async () => {
  const cache = path.join(folder, 'cache');
  const fetch = (content: string) =>
    keepInCache(
      cache,
      async () => 'nats-server-2.15.1',
      async (scratch) => {
        await writeFile(path.join(scratch, 'made'), content.repeat(100_000));
        return path.join(scratch, 'made');
      },
    );
  const kept = await Promise.all(['a', 'b', 'c'].map(fetch));
  expect(new Set(kept).size).toBe(1);
  expect(await readdir(cache)).toEqual(['bin']);
  expect(await readdir(path.join(cache, 'bin'))).toEqual(['nats-server-2.15.1']);
});
