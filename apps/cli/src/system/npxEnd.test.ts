/* oxlint-disable node/no-process-env -- npm and npx are found, and configured, by the environment of the machine */
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { TestProcess } from '@jobstream/test-support';
import { afterAll, beforeAll, expect, test } from 'vitest';

const env = { ...process.env, PATH: `${path.dirname(process.execPath)}:${process.env['PATH']}` };
let folder: string;

/** A command that looks for the end of its npx, and says that it looks. */
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'jobstream-npx-'));
  const command = path.join(folder, 'node_modules/.bin/watching');
  const source = pathToFileURL(path.join(import.meta.dirname, 'npxEnd.ts')).href;
  await mkdir(path.dirname(command), { recursive: true });
  await writeFile(path.join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  await writeFile(
    command,
    `#!/usr/bin/env node
    import { onNpxEnd } from ${JSON.stringify(source)};
    onNpxEnd(process.env, () => { console.log('npx has ended'); process.exit(); });
    setInterval(() => console.log('it runs, below', process.ppid), 200);`,
  );
  await chmod(command, 0o755);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('the end of an npx that was killed is noticed', async () => {
  await using npx = new TestProcess('npx', { args: ['watching'], cwd: folder, env, ipc: false });
  await npx.wrote('it runs');
  npx.kill('SIGKILL');
  await npx.ended;
  expect(npx.output).toMatch(/\nnpx has ended\n$/);
});

test('that of a shell which has started npx in the background is not', async () => {
  const script = 'npx watching & echo "npx is $!"';
  await using shell = new TestProcess('sh', { args: ['-c', script], cwd: folder, env, ipc: false });
  const [, npx] = await shell.matched(/npx is (\d+)/, 240_000);
  await shell.wrote('it runs', 10);
  expect(shell.isRunning).toBe(false);
  expect(shell.output).not.toContain('npx has ended');
  process.kill(Number(npx), 'SIGKILL');
  await shell.ended;
  expect(shell.output).toMatch(/\nnpx has ended\n$/);
});

test('nor is any end noticed without npx, as of a command that is installed', async () => {
  const command = path.join(folder, 'node_modules/.bin/watching');
  const ofCommand = { ...env, npm_command: undefined };
  const script = `"${process.execPath}" "${command}" & echo "it is $!"; wait`;
  await using shell = new TestProcess('sh', { args: ['-c', script], cwd: folder, env: ofCommand, ipc: false });
  const [, pid] = await shell.matched(/it is (\d+)/, 240_000);
  await shell.wrote('it runs');
  shell.kill('SIGKILL');
  await shell.wrote('it runs', 10);
  process.kill(Number(pid), 'SIGKILL');
  await shell.ended;
  expect(shell.output).not.toContain('npx has ended');
});
