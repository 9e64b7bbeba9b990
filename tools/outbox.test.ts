import path from 'node:path';
import { repositoryRoot } from '@jobstream/servers';
import { createDatabase, queryDatabase, TestProcess } from '@jobstream/test-support';
import { beforeEach, expect, test } from 'vitest';

let url: string;
beforeEach(async () => {
  url = await createDatabase();
});

async function run(...args: readonly string[]): Promise<{ code: number | string; stdout: string; stderr: string }> {
  const env = { ...process.env, OUTBOX_URL: url };
  await using tool = TestProcess.node(path.join(repositoryRoot, 'tools', 'outbox.ts'), { env, args: [...args] });
  const code = await tool.ended;
  return { code, stdout: tool.stdout, stderr: tool.stderr };
}

test('installs, tells what waits, and removes', async () => {
  expect((await run('status')).stdout).toBe('no outbox is installed\n');
  expect((await run('install')).code).toBe(0);
  await queryDatabase(url, "SELECT jobstream.enqueue('email')");
  expect((await run('status')).stdout).toMatch(
    /^version 1: 1 jobs wait, 0 were rejected, .*\nthe oldest waits since 20.*Z\n$/,
  );
  expect(await run('uninstall')).toMatchObject({ code: 2, stderr: 'the outbox has 1 waiting and 0 rejected jobs\n' });
  expect((await run('uninstall', '--discard', '--url', url)).stdout).toBe('the outbox is not installed any more\n');
  expect((await run('status')).stdout).toBe('no outbox is installed\n');
});

test('arguments that make no sense are refused with a sentence', async () => {
  expect(await run('remove')).toMatchObject({
    code: 64,
    stderr: 'expected install, status, uninstall or sql, got: remove\n',
  });
});

test('the SQL that it writes makes the functions', async () => {
  await queryDatabase(url, `CREATE SCHEMA jobstream; ${(await run('sql')).stdout}`);
  expect(await queryDatabase(url, "SELECT jobstream.enqueue('email')")).toHaveLength(1);
});
