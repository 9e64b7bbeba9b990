import { createHash } from 'node:crypto';
import { globSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { repositoryRoot } from '@jobstream/servers';
import { runInstaller } from './runInstaller.ts';

const BUILD = path.join(repositoryRoot, '.data', 'python');
const ENVIRONMENT = path.join(BUILD, 'environment');
const WHEELS = path.join(BUILD, 'wheels');

export const PYTHON_PACKAGE = path.join(repositoryRoot, 'clients', 'python');
/** The Python of the environment that the package is installed into. */
export const PYTHON = path.join(ENVIRONMENT, 'bin', 'python');

/**
 * Builds the wheel of the Python package and installs it into an environment of its own, as a user does, unless that has
 * been done since the package changed.
 *
 * @throws NotInstalledError when there is no Python; an error of one sentence when the package cannot be installed.
 */
export async function installPythonPackage(): Promise<void> {
  await once('environment', ['requirements-test.txt'], createEnvironment);
  await once('package', ['src/**/*.py', 'pyproject.toml', 'README.md'], installWheel);
}

async function createEnvironment(): Promise<void> {
  await rm(BUILD, { recursive: true, force: true });
  await mkdir(BUILD, { recursive: true });
  await runInstaller('python3', ['-m', 'venv', ENVIRONMENT]);
  await pip('install', '--requirement', path.join(PYTHON_PACKAGE, 'requirements-test.txt'));
}

async function installWheel(): Promise<void> {
  await rm(WHEELS, { recursive: true, force: true });
  await pip('wheel', '--no-deps', '--wheel-dir', WHEELS, PYTHON_PACKAGE);
  const [wheel = ''] = await readdir(WHEELS);
  await pip('install', `${path.join(WHEELS, wheel)}[pydantic]`);
  await pip('install', '--force-reinstall', '--no-deps', path.join(WHEELS, wheel)); // of the same version
}

function pip(...args: readonly string[]): Promise<void> {
  return runInstaller(PYTHON, ['-m', 'pip', '--disable-pip-version-check', '--quiet', ...args]);
}

/** Does it unless it has been done with the same contents of these files of the package. */
async function once(name: string, patterns: readonly string[], run: () => Promise<void>): Promise<void> {
  const record = path.join(BUILD, `${name}.sha256`);
  const digest = await digestOf(patterns);
  if (digest === (await readFile(record, 'utf8').catch(() => undefined))) return;
  await run();
  await writeFile(record, digest);
}

async function digestOf(patterns: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  const files = globSync([...patterns], { cwd: PYTHON_PACKAGE }).toSorted();
  for (const file of files) hash.update(file).update(await readFile(path.join(PYTHON_PACKAGE, file)));
  return hash.digest('hex');
}
