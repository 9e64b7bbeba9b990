/* oxlint-disable node/no-process-env -- npm and npx are found, and configured, by the environment of the machine */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { runCommand } from '../../testing/runCommand.ts';
import { serverProgram } from './serverPackage.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'jobstream-server-package-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Packs a server package that only says a word. */
async function pack(word: string, name: string): Promise<string> {
  const source = path.join(folder, 'package');
  await mkdir(path.join(source, 'tools'), { recursive: true });
  await writeFile(path.join(source, 'package.json'), '{ "name": "@jobstream/server", "version": "1.2.3" }');
  await writeFile(path.join(source, 'tools/start.mjs'), `console.log('${word}');`);
  const file = path.join(folder, name);
  execFileSync('tar', ['--create', '--gzip', '--file', file, '--directory', folder, 'package']);
  return file;
}

/** Runs what would be the server, and returns what it says and what was said of an installation. */
async function run(server: string | undefined, env: NodeJS.ProcessEnv = {}) {
  const said: string[] = [];
  const program = await serverProgram('start', {
    env: { ...process.env, XDG_CACHE_HOME: path.join(folder, 'cache'), JOBSTREAM_SERVER: server, ...env },
    folder,
    home: '/nonexistent',
    version: '1.2.3',
    signal: new AbortController().signal,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: { isTTY: false, write: (text) => said.push(text) > 0 },
  });
  return { word: execFileSync(process.execPath, [program], { encoding: 'utf8' }).trim(), said: said.join('') };
}

test('what JOBSTREAM_SERVER names is installed once, and again when its path or its content is another', async () => {
  const first = await pack('first', 'server.tgz');
  const begun = await run(first);
  expect(begun.word).toBe('first');
  expect(begun.said).toMatch(/^Installing .+server\.tgz into .+server-1\.2\.3 \(once, about 80 MB\)…\n$/);
  expect(await run(first)).toEqual({ word: 'first', said: '' });
  await pack('second', 'server.tgz');
  expect(await run(first)).toMatchObject({ word: 'second', said: begun.said });
  expect(await run('server.tgz')).toEqual({ word: 'second', said: '' }); // from the folder of the user
  const other = await pack('third', 'other.tgz');
  expect(await run(other)).toMatchObject({ word: 'third', said: expect.stringContaining('other.tgz') });
});

test('without a published package it is said what works instead, and nothing half-installed is left', async () => {
  const registry = createServer(
    (_req, res) => void res.writeHead(404, { 'content-type': 'application/json' }).end('{}'),
  );
  onTestFinished(() => void registry.close());
  await once(registry.listen(0, '127.0.0.1'), 'listening');
  const address = `http://127.0.0.1:${(registry.address() as AddressInfo).port}`;
  const env = { ...process.env, XDG_CACHE_HOME: path.join(folder, 'cache'), npm_config_registry: address };
  const { code, stderr } = await runCommand(['dev'], { env: { ...env, JOBSTREAM_SERVER: undefined }, folder });
  expect(code).toBe(2);
  expect(stderr).toMatch(/^Installing @jobstream\/server 1\.2\.3 into /);
  expect(stderr).toContain('jobstream: @jobstream/server@1.2.3 cannot be installed; npm says above why.');
  expect(stderr).not.toContain('npm install');
  // What it advises works.
  const tarball = await pack('from a file', 'server.tgz');
  expect(await run(tarball, { npm_config_registry: address })).toMatchObject({ word: 'from a file' });
});
