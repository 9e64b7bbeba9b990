import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { forEachTest } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { programVersion } from './programVersion.ts';
import { workerSettings } from './workerSettings.ts';

const folder = forEachTest(async () => {
  const root = await mkdtemp(path.join(os.tmpdir(), 'program-'));
  return { root, [Symbol.asyncDispose]: () => rm(root, { recursive: true }) };
});

/** Stores these files; returns the path of the program among them. */
async function program(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const { root } = folder;
  for (const [file, text] of Object.entries({ ...files, [name]: '' })) {
    await mkdir(path.dirname(path.join(root, file)), { recursive: true });
    await writeFile(path.join(root, file), text);
  }
  return path.join(root, name);
}

test.each([
  ['beside it', { 'package.json': '{"version": "2.4.0"}' }, 'worker.js'],
  ['above it', { 'package.json': '{"version": "2.4.0"}' }, 'dist/deep/worker.js'],
  [
    'above one without a version',
    { 'package.json': '{"version": "2.4.0"}', 'dist/package.json': '{"type": "module"}' },
    'dist/worker.js',
  ],
  ['above one that is no JSON', { 'package.json': '{"version": "2.4.0"}', 'dist/package.json': '{' }, 'dist/worker.js'],
  [
    'below another',
    { 'package.json': '{"version": "1.0.0"}', 'app/package.json': '{"version": "2.4.0"}' },
    'app/worker.js',
  ],
])('the version of a program is that of the package.json %s', async (_where, files, name) => {
  expect(programVersion(await program(name, files))).toBe('2.4.0');
});

test('a link to a program leads to the package.json of the program', async () => {
  const file = await program('app/worker.js', {
    'app/package.json': '{"version": "2.4.0"}',
    'package.json': '{"version": "1.0.0"}',
  });
  const link = path.join(folder.root, 'start');
  await symlink(file, link);
  expect(programVersion(link)).toBe('2.4.0');
});

test('a tool in node_modules, a program without a package.json, and none at all have no version', async () => {
  const files = { 'node_modules/tool/package.json': '{"version": "3.0.0"}' };
  expect(programVersion(await program('node_modules/tool/run.js', files))).toBeUndefined();
  for (const version of ['', 3]) {
    const packageFile = { 'package.json': JSON.stringify({ version }) };
    expect(programVersion(await program('worker.js', packageFile))).toBeUndefined();
  }
  expect(programVersion(path.join(folder.root, 'gone.js'))).toBeUndefined();
  expect(programVersion(undefined)).toBeUndefined();
});

const versionOf = (...args: Parameters<typeof workerSettings>) => workerSettings(...args).version;

test('the version of a worker is its option, else WORKER_VERSION, JOBSTREAM_RELEASE, and that of its program', async () => {
  const file = await program('worker.js', { 'package.json': '{"version": "1.0.0"}' });
  const env = { WORKER_VERSION: '2.0.0', JOBSTREAM_RELEASE: '3.0.0' };
  expect(versionOf({ version: '4.0.0' }, env, file)).toBe('4.0.0');
  expect(versionOf({}, env, file)).toBe('2.0.0');
  expect(versionOf({}, { ...env, WORKER_VERSION: '' }, file)).toBe('3.0.0');
  expect(versionOf({}, {}, file)).toBe('1.0.0');
});
