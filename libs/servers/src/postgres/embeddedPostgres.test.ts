import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, lstatSync } from 'node:fs';
import { chmod, chown, mkdtemp, realpath, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EmbeddedPostgres } from './embeddedPostgres.ts';
import { canReach, postgresAccount } from './postgresAccount.ts';
import { postgresBinaries } from './postgresBinaries.ts';

const isRoot = process.getuid?.() === 0;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'jobstream-pg-'));
  await chmod(folder, 0o755);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function tables(url: string): Promise<unknown> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('CREATE TABLE IF NOT EXISTS kept (at timestamptz)');
    await client.query('INSERT INTO kept VALUES (now())');
    return (await client.query('SELECT count(*)::int AS runs FROM kept')).rows[0];
  } finally {
    await client.end();
  }
}

async function runOnce(): Promise<unknown> {
  await using postgres = new EmbeddedPostgres({ dataDir: folder });
  await postgres.start();
  return await tables(postgres.url); // before the server is stopped
}

test('a new run uses the same data and password in a new process', async () => {
  expect(await runOnce()).toEqual({ runs: 1 });
  expect(await runOnce()).toEqual({ runs: 2 });
});

test('the log can be read by its owner alone', async () => {
  await runOnce();
  expect(lstatSync(path.join(folder, 'postgres', 'postgres.log')).mode & 0o777).toBe(0o600);
});

test('a leftover server on the same data is ended before the start', async () => {
  const leftBehind = new EmbeddedPostgres({ dataDir: folder });
  await leftBehind.start();
  await using postgres = new EmbeddedPostgres({ dataDir: folder });
  await postgres.start();
  expect(leftBehind.pid).toBeUndefined();
  expect(await tables(postgres.url)).toEqual({ runs: 1 });
});

test('the callback is called for an unexpected end only', async () => {
  const told: string[] = [];
  await using postgres = new EmbeddedPostgres({ dataDir: folder });
  postgres.onUnexpectedExit = (how) => void told.push(how);
  await postgres.start();
  await postgres.stop();
  expect(told).toEqual([]);
  await postgres.start();
  const { pid } = postgres;
  expect(pid).toBeDefined();
  process.kill(pid ?? 0, 'SIGINT');
  await expect.poll(() => told).toEqual(['code 0']);
});

describe.runIf(isRoot)('run by root', () => {
  test('the server runs under an unprivileged account', async () => {
    await using postgres = new EmbeddedPostgres({ dataDir: folder });
    await postgres.start();
    const owner = lstatSync(`/proc/${postgres.pid}`).uid;
    expect(owner).toBe(postgresAccount().uid);
    expect(owner).not.toBe(0);
  });

  test('data of a folder that the account cannot reach is stored elsewhere and deleted with the link', async () => {
    await chmod(folder, 0o700);
    expect(await runOnce()).toEqual({ runs: 1 });
    expect(await runOnce()).toEqual({ runs: 2 });
    const link = path.join(folder, 'postgres');
    const target = await realpath(link);
    expect(path.dirname(target)).toBe('/var/lib/jobstream');
    await rm(link);
    expect(await runOnce()).toEqual({ runs: 1 });
    await rm(target, { recursive: true });
    expect(await runOnce()).toEqual({ runs: 1 });
    await rm(await realpath(link), { recursive: true });
  });

  test('binaries that the account cannot reach are copied to a folder that it can', async () => {
    const shared = path.join(folder, 'cache');
    const account = postgresAccount();
    const original = await postgresBinaries({});
    const copy = await postgresBinaries(account, { shared, reaches: () => false });
    expect(copy).not.toBe(original);
    expect(canReach(account, path.join(copy, 'bin'))).toBe(true);
    expect(existsSync(path.join(copy, 'lib/libpq.so.5'))).toBe(true);
    expect(await postgresBinaries(account, { shared, reaches: () => false })).toBe(copy);
  });

  // These accounts must be able to read this file, which they cannot in a clone under /root.
  const reachable = canReach({ uid: 65_534, gid: 65_534 }, import.meta.dirname);
  test.runIf(reachable).each([
    ['an ordinary user', 65_534],
    ['a user without an entry in /etc/passwd', 54_321],
  ])('%s can run the server', async (_who, uid) => {
    await chown(folder, uid, uid);
    const program = `
      import { EmbeddedPostgres } from ${JSON.stringify(path.join(import.meta.dirname, 'embeddedPostgres.ts'))};
      await using postgres = new EmbeddedPostgres({ dataDir: ${JSON.stringify(folder)} });
      await postgres.start();
      console.log('ran');`;
    const args = ['--input-type=module-typescript', '-e', program];
    const child = spawn(process.execPath, args, { uid, gid: uid, cwd: '/', env: {}, stdio: 'pipe' });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += String(data)));
    await once(child, 'close');
    expect(output).toBe('ran\n');
  });
});
