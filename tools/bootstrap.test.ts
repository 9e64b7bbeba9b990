import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { runCommand } from '@jobstream/servers';
import { eventually } from '@jobstream/test-support';
import { afterEach, beforeEach, expect, test } from 'vitest';

let root: string;
let children: ChildProcess[] = [];

const manifest = { name: 'clone', version: '1.0.0', dependencies: { dependency: 'file:dependency' } };
const lock = {
  name: 'clone',
  version: '1.0.0',
  lockfileVersion: 3,
  packages: {
    '': manifest,
    dependency: { version: '1.0.0' },
    'node_modules/dependency': { resolved: 'dependency', link: true },
  },
};

async function writeJson(name: string, value: object): Promise<void> {
  await mkdir(path.dirname(path.join(root, name)), { recursive: true });
  await writeFile(path.join(root, name), JSON.stringify(value));
}

beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'jobstream-bootstrap-'));
  await writeJson('package.json', manifest);
  await writeJson('package-lock.json', lock);
  await writeJson('dependency/package.json', { name: 'dependency', version: '1.0.0' });
  await mkdir(path.join(root, 'tools'));
  await copyFile(path.join(import.meta.dirname, 'bootstrap.mjs'), path.join(root, 'tools/bootstrap.mjs'));
  await writeFile(
    path.join(root, 'hello.mjs'),
    'console.log("hello", ...process.argv.slice(2)); process.exitCode = 7;',
  );
});

afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  children = [];
  await rm(root, { recursive: true, force: true });
});

/** What an installation on a busy machine says beside its first line. */
const SECONDS = /^Installing .+… \d+ s\n/gm;

function start(args: string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, ['tools/bootstrap.mjs', ...args], {
    cwd: root,
    env: { ...process.env, ...env },
  });
  children.push(child);
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (data) => (output.stdout += String(data)));
  child.stderr.on('data', (data) => (output.stderr += String(data)));
  const ended = once(child, 'close').then(([code]) => ({
    stdout: output.stdout,
    stderr: output.stderr.replaceAll(SECONDS, ''),
    code: Number(code),
  }));
  return { child, output, ended };
}

test('the bootstrap installs on the first run, not on the second, and again after a change of the lock file', async () => {
  const first = await start(['hello.mjs']).ended;
  expect(first.stderr).toBe('Installing npm packages (the first run)…\n');
  expect(JSON.parse(await readFile(path.join(root, 'node_modules/dependency/package.json'), 'utf8'))).toBeDefined();
  const second = await start(['hello.mjs']).ended;
  expect(second.stderr).toBe('');
  await writeJson('package-lock.json', { ...lock, packages: { ...lock.packages, dependency: { version: '1.0.1' } } });
  await writeJson('dependency/package.json', { name: 'dependency', version: '1.0.1' });
  await rm(path.join(root, 'node_modules/.package-lock.json'));
  const third = await start(['hello.mjs']).ended;
  expect(third.stderr).toBe('Installing npm packages (the lock file has changed)…\n');
});

test('an installation that takes long says for how long it has run', async () => {
  const npm = await holdNpm();
  const { output, ended } = start(['hello.mjs']);
  await eventually(() => expect(output.stderr).toMatch(SECONDS));
  await npm.letGo();
  expect(await ended).toMatchObject({ stdout: 'hello\n' });
});

test('packages installed by hand with npm are not installed again', async () => {
  await writeJson('node_modules/.package-lock.json', { packages: lock.packages });
  expect((await start(['hello.mjs']).ended).stderr).toBe('');
});

test('concurrent commands install once and all succeed', async () => {
  const runs = await Promise.all([1, 2, 3, 4].map((number) => start(['hello.mjs', String(number)]).ended));
  expect(runs.map(({ stdout }) => stdout)).toEqual(['hello 1\n', 'hello 2\n', 'hello 3\n', 'hello 4\n']);
  expect(runs.filter(({ stderr }) => stderr.includes('Installing'))).toHaveLength(1);
});

test('a lock whose owner was killed is taken over', async () => {
  await mkdir(path.join(root, '.data'));
  await writeFile(path.join(root, '.data/bootstrap.lock'), '4194999'); // above the largest process id
  expect((await start(['hello.mjs']).ended).stdout).toBe('hello\n');
});

/** Makes `npm ci` wait for a script of the dependency, before all is there. */
async function holdNpm() {
  const [begun, go] = [path.join(root, 'begun'), path.join(root, 'go')];
  const script = `const fs = require('node:fs'); fs.writeFileSync(${JSON.stringify(begun)}, String(process.pid));
    setInterval(() => (fs.existsSync(${JSON.stringify(go)}) || !fs.existsSync(__filename)) && process.exit(), 10)`;
  await writeFile(path.join(root, 'dependency/hold.cjs'), script);
  const dependency = { version: '1.0.0', hasInstallScript: true };
  await writeJson('package-lock.json', { ...lock, packages: { ...lock.packages, dependency } });
  await writeJson('dependency/package.json', {
    name: 'dependency',
    ...dependency,
    scripts: { install: 'node hold.cjs' },
  });
  return {
    begun: () =>
      eventually(async () => {
        const pid = Number(await readFile(begun, 'utf8'));
        expect(pid).toBeGreaterThan(0);
        return pid;
      }),
    letGo: () => writeFile(go, ''),
  };
}

test('a signal ends npm with its child processes, and the next run installs', async () => {
  const npm = await holdNpm();
  const { child, ended } = start(['hello.mjs']);
  const pid = await npm.begun();
  child.kill('SIGINT');
  expect(await ended).toMatchObject({ stdout: '', code: 130 });
  await eventually(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'));
  await npm.letGo();
  const next = await start(['hello.mjs']).ended;
  expect(next).toMatchObject({
    stdout: 'hello\n',
    stderr: 'Installing npm packages (node_modules is not complete)…\n',
  });
});

test('the next run waits for an npm whose parent was killed', async () => {
  const npm = await holdNpm();
  const first = start(['hello.mjs']);
  await npm.begun();
  first.child.kill('SIGKILL');
  const next = start(['hello.mjs']);
  const waiting = 'Waiting for another command, which installs npm packages…\n';
  await eventually(() => expect(next.output.stderr).toBe(waiting));
  await npm.letGo();
  expect(await next.ended).toMatchObject({ stdout: 'hello\n', stderr: waiting });
});

test('below the floor of the clone, the bootstrap says in one line which Node is needed', async () => {
  await writeJson('package.json', { ...manifest, engines: { node: '>=99.4.0' } });
  expect(await start(['hello.mjs']).ended).toEqual({
    code: 1,
    stdout: '',
    stderr: `Installing npm packages (the first run)…\nNode 99.4.0 or newer is needed, and this is ${process.versions.node}: install a newer one and try again.\n`,
  });
});

test('the bootstrap passes on arguments and the exit code', async () => {
  expect(await start(['hello.mjs', 'a', '--b']).ended).toMatchObject({ stdout: 'hello a --b\n', code: 7 });
});

test('a signal reaches the script, which determines the exit code', async () => {
  const script = `process.on('SIGTERM', () => { console.log('bye'); process.exit(3); });
    setInterval(() => {}, 1000); console.log('ready');`;
  await writeFile(path.join(root, 'wait.mjs'), script);
  const { child, output, ended } = start(['wait.mjs']);
  await eventually(() => expect(output.stdout).toBe('ready\n'));
  child.kill('SIGTERM');
  expect(await ended).toMatchObject({ stdout: 'ready\nbye\n', code: 3 });
});

test('a failed installation is reported in one sentence and does not count as installed', async () => {
  await writeJson('package.json', { ...manifest, dependencies: { ...manifest.dependencies, other: 'file:other' } });
  const first = await start(['hello.mjs']).ended;
  expect(first).toMatchObject({ stdout: '', code: 1 });
  expect(first.stderr).toMatch(/\nnpm ci failed \(.+\): see `npm ci` for all it says\.\n$/);
  expect((await start(['hello.mjs']).ended).code).toBe(1);
});

/** A registry with one package, which has one version more each time that `publish` is called. */
async function startRegistry() {
  const files = new Map<string, Buffer | string>();
  const versions: Record<string, object> = {};
  const server = createServer(({ url = '/' }, response) => response.end(files.get(url)));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const publish = async (version: string) => {
    await writeJson('published/package.json', { name: 'published', version });
    await runCommand('npm', ['pack', '--pack-destination', root], { cwd: path.join(root, 'published') });
    const tarball = await readFile(path.join(root, `published-${version}.tgz`));
    const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
    files.set(`/${version}.tgz`, tarball);
    versions[version] = { name: 'published', version, dist: { tarball: `${url}${version}.tgz`, integrity } };
    files.set('/published', JSON.stringify({ name: 'published', 'dist-tags': { latest: version }, versions }));
    return { version, integrity };
  };
  return { url, publish, [Symbol.asyncDispose]: async () => void (await once(server.close(), 'close')) };
}

test('a version that is newer than what npm has cached about its package is installed', async () => {
  await using registry = await startRegistry();
  const env = { npm_config_registry: registry.url, npm_config_cache: path.join(root, 'cache') };
  for (const version of ['1.0.0', '1.1.0']) {
    const dependencies = { ...manifest.dependencies, published: version };
    const published = await registry.publish(version);
    const packages = { ...lock.packages, '': { ...manifest, dependencies }, 'node_modules/published': published };
    await writeJson('package.json', { ...manifest, dependencies });
    await writeJson('package-lock.json', { ...lock, packages });
    expect(await start(['hello.mjs'], env).ended).toMatchObject({ stdout: 'hello\n', code: 7 });
    const installed = await readFile(path.join(root, 'node_modules/published/package.json'), 'utf8');
    expect(JSON.parse(installed)).toMatchObject({ version });
  }
});

test('npm uses a cache in the clone if the home folder is read-only', async () => {
  const env = { HOME: '/dev/null/home', npm_config_cache: undefined };
  expect((await start(['hello.mjs'], env).ended).code).toBe(7);
  expect(await readdir(path.join(root, '.data/cache/npm'))).not.toEqual([]);
});
