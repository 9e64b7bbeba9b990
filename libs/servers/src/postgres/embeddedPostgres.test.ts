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

test('data and password stay between runs, and the next run is a new process on the same data', async () => {
  expect(await runOnce()).toEqual({ runs: 1 });
  expect(await runOnce()).toEqual({ runs: 2 });
});

test('two servers cannot run on the same data: the one that was left behind is ended first', async () => {
  const leftBehind = new EmbeddedPostgres({ dataDir: folder });
  await leftBehind.start();
  await using postgres = new EmbeddedPostgres({ dataDir: folder });
  await postgres.start();
  expect(leftBehind.pid).toBeUndefined();
  expect(await tables(postgres.url)).toEqual({ runs: 1 });
});

test('an unexpected end is told, an intended one is not', async () => {
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
  test('the server runs under another account', async () => {
    await using postgres = new EmbeddedPostgres({ dataDir: folder });
    await postgres.start();
    const owner = lstatSync(`/proc/${postgres.pid}`).uid;
    expect(owner).toBe(postgresAccount().uid);
    expect(owner).not.toBe(0);
  });

  test('in a folder that this account cannot reach, the data lies elsewhere and goes with the link', async () => {
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

  test('binaries that this account cannot reach are copied to where it can', async () => {
    const shared = path.join(folder, 'cache');
    const account = postgresAccount();
    const original = await postgresBinaries({});
    const copy = await postgresBinaries(account, shared, () => false);
    expect(copy).not.toBe(original);
    expect(canReach(account, path.join(copy, 'bin'))).toBe(true);
    expect(existsSync(path.join(copy, 'lib/libpq.so.5'))).toBe(true);
    expect(await postgresBinaries(account, shared, () => false)).toBe(copy);
  });

  // These accounts need to reach this very file: not so in a clone under /root.
  const reachable = canReach({ uid: 65_534, gid: 65_534 }, import.meta.dirname);
  test.runIf(reachable).each([
    ['an ordinary user', 65_534],
    ['a user without an entry in /etc/passwd', 54_321],
  ])('%s can run it as well', async (_who, uid) => {
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
