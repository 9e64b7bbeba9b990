import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { CommandError } from '../command/failure.ts';
import type { Surroundings } from '../command/surroundings.ts';

const NAME = '@jobstream/server';

/**
 * Returns the file of a program of the system, such as `start`. It is that of the clone to which this command line
 * belongs, else of the package `@jobstream/server`: the one that the project has, or one that is installed for the user,
 * at the first use.
 *
 * @throws CommandError when it cannot be installed.
 */
export async function serverProgram(name: string, surroundings: Surroundings): Promise<string> {
  const { folder, home } = surroundings;
  if (isClone(home)) return path.resolve(home, '../../tools', `${name}.ts`);
  const root = packageFrom(folder) ?? packageFrom(home) ?? (await packageOfUser(surroundings));
  return path.join(root, 'tools', `${name}.mjs`);
}

/** Whether this command line is that of a clone: the published package has no sources. */
export function isClone(home: string): boolean {
  return existsSync(path.join(home, 'src'));
}

function packageFrom(folder: string): string | undefined {
  try {
    return path.dirname(createRequire(path.join(folder, 'package.json')).resolve(`${NAME}/package.json`));
  } catch {
    return undefined;
  }
}

/** The package in the version of this command line, since the two were tested together. */
async function packageOfUser({ env, version, stderr, signal }: Surroundings): Promise<string> {
  const cache = env['XDG_CACHE_HOME'] || path.join(env['HOME'] || os.homedir(), '.cache');
  const folder = path.join(cache, 'jobstream', `server-${version}`);
  const present = packageFrom(folder);
  if (present !== undefined) return present;
  stderr.write(`Installing ${NAME} ${version} into ${folder} (once, about 80 MB)…\n`);
  await install(env['JOBSTREAM_SERVER'] || `${NAME}@${version}`, folder, signal);
  const installed = packageFrom(folder);
  if (installed === undefined) throw new CommandError(`npm has installed no ${NAME} into ${folder}`);
  return installed;
}

async function install(wanted: string, folder: string, signal: AbortSignal): Promise<void> {
  await mkdir(folder, { recursive: true });
  const args = ['install', '--prefix', folder, '--no-audit', '--no-fund', '--loglevel=error', wanted];
  const npm = spawn('npm', args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'], signal });
  const [code] = (await once(npm, 'exit')) as [number | null];
  if (code === 0) return;
  await rm(folder, { recursive: true, force: true });
  throw new CommandError(`${NAME} cannot be installed: add it to your project with \`npm install ${wanted}\``);
}
