import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { runCommand } from '@jobstream/servers';

const BENCH = path.resolve(import.meta.dirname, '..');
const INSTALLED = path.join(BENCH, 'node_modules/.package-lock.json');

/** Installs the peers beside the project's own packages. What cannot be had is named when it is to be loaded. */
export async function installPeers(): Promise<void> {
  if (await holdsWhatTheLockSays()) return;
  // As in tools/bootstrap.mjs: the registry is asked only for versions that npm's cache does not know yet.
  await install('--prefer-offline')
    .catch(() => install())
    .catch((error: unknown) => {
      console.error(`The peers could not be installed: ${String(error)}`);
    });
}

function install(...flags: readonly string[]): Promise<string> {
  return runCommand('npm', ['ci', '--ignore-scripts', ...flags], { cwd: BENCH, timeoutMs: 600_000 });
}

async function holdsWhatTheLockSays(): Promise<boolean> {
  if (!existsSync(INSTALLED)) return false;
  const [wanted, installed] = await Promise.all([
    versionsIn(path.join(BENCH, 'package-lock.json')),
    versionsIn(INSTALLED),
  ]);
  return [...wanted].every(([name, { version, optional }]) => optional || installed.get(name)?.version === version);
}

interface Package {
  readonly version?: string;
  readonly optional?: boolean;
}

async function versionsIn(file: string): Promise<Map<string, Package>> {
  const { packages } = JSON.parse(await readFile(file, 'utf8')) as { packages: Record<string, Package> };
  return new Map(Object.entries(packages).filter(([name]) => name !== ''));
}
