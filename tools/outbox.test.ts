import path from 'node:path';
import { JobstreamClient } from '@jobstream/client';
import { repositoryRoot } from '@jobstream/servers';
import {
  builtProgram,
  createDatabase,
  eventually,
  freePort,
  queryDatabase,
  scratchDataFolder,
  startSystem,
  TestProcess,
} from '@jobstream/test-support';
import { beforeEach, expect, onTestFinished, test } from 'vitest';

let url: string;
beforeEach(async () => {
  url = await createDatabase();
});

/** Where no system runs, whatever this machine has. */
const settings: NodeJS.ProcessEnv = { DATA_DIR: '/nonexistent' };
async function run(...args: readonly string[]): Promise<{ code: number | string; stdout: string; stderr: string }> {
  const env = { ...process.env, OUTBOX_URL: url, ...settings };
  await using tool = TestProcess.node(builtProgram(path.join(repositoryRoot, 'tools', 'outbox.ts')), {
    env,
    args: [...args],
  });
  const code = await tool.ended;
  return { code, stdout: tool.stdout, stderr: tool.stderr };
}

test('installs, tells what waits, and removes', async () => {
  expect((await run('status')).stdout).toBe('no outbox is installed\n');
  expect((await run('install')).code).toBe(0);
  await queryDatabase(url, "SELECT jobstream.enqueue('email')");
  expect((await run('status')).stdout).toMatch(
    /^version 6: 1 job waits, 0 deferred, 0 rejected; the tables have [\d,]+ bytes\nthe oldest waits since 20.*Z\n$/,
  );
  expect(await run('uninstall')).toMatchObject({ code: 2, stderr: 'the outbox has 1 waiting and 0 rejected jobs\n' });
  expect((await run('uninstall', '--discard', '--url', url)).stdout).toBe('the outbox is not installed any more\n');
  expect((await run('status')).stdout).toBe('no outbox is installed\n');
});

test('arguments that make no sense are refused with a sentence', async () => {
  expect(await run('remove')).toMatchObject({
    code: 64,
    stderr: 'expected install, status, uninstall, rejected, retry, reject, discard or sql, got: remove\n',
  });
  expect(await run('status', '--url', 'undefined/shop')).toMatchObject({
    code: 64,
    stderr: 'expected --url to begin with postgres://\n',
  });
});

test('lists rejected rows, lets them wait again, and deletes them', async () => {
  expect(await run('rejected')).toMatchObject({ code: 2, stderr: 'no outbox is installed\n' });
  await run('install');
  expect((await run('rejected')).stdout).toBe('no row was rejected\n');
  const ids = ['a', 'b', 'c'].map((digit) => `${digit.repeat(8)}-0000-4000-8000-000000000000`);
  const reject = `SELECT jobstream.reject($1, '2026-01-31T10:00:00Z', 'email', '{"to": 1}', NULL, 'ab', 'acme', 'no such key')`;
  for (const id of ids) await queryDatabase(url, reject, [id]);
  const line = /^\S+ email of tenant acme, enqueued 2026-01-31T10:00:00.000Z, rejected 20\S+Z: no such key$/;
  const listed = (await run('rejected')).stdout.trim().split('\n');
  expect(listed).toEqual(ids.map(() => expect.stringMatching(line)));
  expect((await run('retry', ids[0] ?? '')).stdout).toBe('1 row waits again\n');
  expect(await queryDatabase(url, 'SELECT id, payload, tenant FROM jobstream.outbox_0')).toEqual([
    { id: ids[0], payload: { to: 1 }, tenant: 'acme' },
  ]);
  expect((await run('discard', ids[1] ?? '')).stdout).toBe('1 row was deleted\n');
  expect(await run('retry')).toMatchObject({ code: 64, stderr: 'expected the ids of rows, or --all\n' });
  expect((await run('retry', '--all')).stdout).toBe('1 row waits again\n');
  expect((await run('rejected')).stdout).toBe('no row was rejected\n');
});

test('lists deferred rows with their reasons, has them tried at once, and gives them up', async () => {
  await run('install');
  const ids = ['a', 'b'].map((digit) => `${digit.repeat(8)}-0000-4000-8000-000000000000`);
  const defer = `INSERT INTO jobstream.outbox_deferred (id, enqueued_at, type, tenant, attempts, reason, next_try_at)
    VALUES ($1, now(), 'email', 'acme', 7, 'it cannot be read', '2126-01-31T10:00:00Z')`;
  for (const id of ids) await queryDatabase(url, defer, [id]);
  const line = / email of tenant acme, deferred after 7 attempts until 2126-01-31T10:00:00.000Z: it cannot be read$/;
  const [counts, ...listed] = (await run('status')).stdout.trim().split('\n');
  expect(counts).toMatch(/^version 6: 0 jobs wait, 2 deferred, 0 rejected/);
  expect(listed).toEqual(ids.map(() => expect.stringMatching(line)));
  expect((await run('retry', ids[0] ?? '')).stdout).toBe('1 row waits again\n');
  const due = 'SELECT id FROM jobstream.outbox_deferred WHERE next_try_at <= now()';
  expect(await queryDatabase(url, due)).toEqual([{ id: ids[0] }]);
  expect(await run('uninstall')).toMatchObject({ code: 2, stderr: 'the outbox has 2 waiting and 0 rejected jobs\n' });
  expect((await run('reject', ids[1] ?? '')).stdout).toBe('1 row was rejected\n');
  expect((await run('rejected')).stdout).toMatch(/^bbbbbbbb\S+ email of tenant acme, .*: it cannot be read\n$/);
  expect((await run('status')).stdout).toMatch(/^version 6: 0 jobs wait, 1 deferred, 1 rejected/); // not tried again
});

test('the SQL that it writes makes the functions', async () => {
  await queryDatabase(url, `CREATE SCHEMA jobstream; ${(await run('sql')).stdout}`);
  expect(await queryDatabase(url, "SELECT jobstream.enqueue('email')")).toHaveLength(1);
});

test('status warns of job types that wait without a worker, as the API of the system knows them', async () => {
  onTestFinished(() => void delete settings['JOBSTREAM_URL']);
  await run('install');
  settings['JOBSTREAM_URL'] = `http://127.0.0.1:${await freePort()}`;
  expect((await run('status')).stdout).toMatch(/\nthe API at http:\S+ does not say which job types are announced\n$/);
  const system = await startSystem(await scratchDataFolder('outbox-status'));
  onTestFinished(async () => void (await system.stop()));
  settings['JOBSTREAM_URL'] = system.api;
  expect((await run('status')).stdout).not.toContain('warning');
  const client = new JobstreamClient({ url: system.api, jobWarnings: false });
  for (const type of ['emial', 'emial', 'nobody-takes-it']) await client.jobs.create({ type, payload: {} });
  await eventually(async () => {
    const [, ...warnings] = (await run('status')).stdout.trim().split('\n');
    expect(warnings).toEqual([
      'warning: 2 jobs of the type emial wait, which no worker has announced; did you mean email?',
      'warning: 1 job of the type nobody-takes-it waits, which no worker has announced',
    ]);
  });
});
