import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import { cacheFolder, repositoryRoot } from '@jobstream/servers';
import { runInstaller } from './runInstaller.ts';

export const PYTHON_PACKAGE = path.join(repositoryRoot, 'clients', 'python');
const ENVIRONMENTS = path.join(cacheFolder(), 'python');
const ENVIRONMENT = path.join(ENVIRONMENTS, digestOfPackage());
/** The Python of the environment that the package is installed into. */
export const PYTHON = pythonIn(ENVIRONMENT);
const UNUSED_AFTER_MS = 7 * 24 * 3_600_000;

/**
 * Builds the wheel of the Python package and installs it into an environment of its own, as a user does. All clones in which the
 * package is the same share the environment.
 *
 * @throws NotInstalledError when there is no Python; an error of one sentence when the package cannot be installed.
 */
export async function installPythonPackage(): Promise<void> {
  if (!(await works(PYTHON))) await createEnvironment();
  const now = new Date();
  await utimes(ENVIRONMENT, now, now);
  await removeUnused();
}

/** The Python of the machine may be another one by now. */
async function works(python: string): Promise<boolean> {
  return runInstaller(python, ['-c', 'import jobstream']).then(
    () => true,
    () => false,
  );
}

/** In a scratch folder first: another process must not see a part of it. What has `python -m` in front can be moved. */
async function createEnvironment(): Promise<void> {
  await mkdir(ENVIRONMENTS, { recursive: true });
  const scratch = await mkdtemp(path.join(ENVIRONMENTS, 'new-'));
  try {
    await runInstaller('python3', ['-m', 'venv', scratch]);
    await installInto(scratch);
    if (await works(PYTHON)) return; // another process was faster
    await rm(ENVIRONMENT, { recursive: true, force: true });
    await rename(scratch, ENVIRONMENT);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function installInto(environment: string): Promise<void> {
  const pip = (...args: readonly string[]) =>
    runInstaller(pythonIn(environment), ['-m', 'pip', '--disable-pip-version-check', '--quiet', ...args]);
  const wheels = path.join(environment, 'wheels');
  await pip('install', '--requirement', path.join(PYTHON_PACKAGE, 'requirements-test.txt'));
  await pip('wheel', '--no-deps', '--wheel-dir', wheels, PYTHON_PACKAGE);
  const [wheel = ''] = await readdir(wheels);
  await pip('install', `${path.join(wheels, wheel)}[pydantic]`);
}

async function removeUnused(): Promise<void> {
  for (const name of await readdir(ENVIRONMENTS)) {
    const folder = path.join(ENVIRONMENTS, name);
    const found = await stat(folder).catch(() => undefined); // another process may remove it too
    if (found !== undefined && found.mtimeMs < Date.now() - UNUSED_AFTER_MS) await rm(folder, { recursive: true });
  }
}

function pythonIn(environment: string): string {
  return path.join(environment, 'bin', 'python');
}

function digestOfPackage(): string {
  const hash = createHash('sha256');
  const patterns = ['requirements-test.txt', 'src/**/*.py', 'pyproject.toml', 'README.md'];
  for (const file of globSync(patterns, { cwd: PYTHON_PACKAGE }).toSorted()) {
    hash.update(`${file}\n`).update(readFileSync(path.join(PYTHON_PACKAGE, file)));
  }
  return hash.digest('hex').slice(0, 16);
}
