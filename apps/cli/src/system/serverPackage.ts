import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { CommandError } from '../command/failure.ts';
import type { Surroundings } from '../command/surroundings.ts';

const NAME = '@jobstream/server';
/** Beside the installed package: where it came from. */
const RECORD = 'installed-from';
const PUBLISHED = 'published';

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

/**
 * The package in the version of this command line, since the two were tested together, or what `JOBSTREAM_SERVER` names. It is
 * installed again when that, or the content of the tarball that it names, is another than the installed one.
 */
async function packageOfUser(surroundings: Surroundings): Promise<string> {
  const { env, version, stderr } = surroundings;
  const cache = env['XDG_CACHE_HOME'] || path.join(env['HOME'] || os.homedir(), '.cache');
  const folder = path.join(cache, 'jobstream', `server-${version}`);
  const source = await sourceOf(surroundings);
  const present = packageFrom(folder);
  if (present !== undefined && (await recordedSource(folder)) === source.identity) return present;
  await rm(folder, { recursive: true, force: true });
  const what = env['JOBSTREAM_SERVER'] ? `${NAME} from ${source.wanted}` : `${NAME} ${version}`;
  stderr.write(`Installing ${what} into ${folder} (once, about 80 MB)…\n`);
  await install(source.wanted, folder, surroundings);
  const installed = packageFrom(folder);
  if (installed === undefined) throw new CommandError(`${source.wanted} is not the package ${NAME}`);
  await writeFile(path.join(folder, RECORD), source.identity);
  return installed;
}

interface PackageSource {
  /** What npm is told to install. */
  readonly wanted: string;
  /** Differs when something else would be installed. */
  readonly identity: string;
}

/** A relative path is meant from the folder of the user; npm runs in another one. */
async function sourceOf({ env, folder, version }: Surroundings): Promise<PackageSource> {
  const named = env['JOBSTREAM_SERVER'];
  if (!named) return { wanted: `${NAME}@${version}`, identity: PUBLISHED };
  const file = path.resolve(folder, named);
  if (!existsSync(file)) return { wanted: named, identity: named };
  const content = statSync(file).isFile() ? ` ${await digest(file)}` : '';
  return { wanted: file, identity: `${file}${content}` };
}

async function digest(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
}

/** A cache without a record is of a release that installed only what is published. */
function recordedSource(folder: string): Promise<string> {
  return readFile(path.join(folder, RECORD), 'utf8').catch(() => PUBLISHED);
}

async function install(wanted: string, folder: string, { env, signal }: Surroundings): Promise<void> {
  await mkdir(folder, { recursive: true });
  const args = ['install', '--prefix', folder, '--no-audit', '--no-fund', '--loglevel=error', wanted];
  const npm = spawn('npm', args, { cwd: folder, env, stdio: ['ignore', 'ignore', 'inherit'], signal });
  const [code] = (await once(npm, 'exit')) as [number | null];
  if (code === 0) return;
  await rm(folder, { recursive: true, force: true });
  throw new CommandError(
    `${wanted} cannot be installed; npm says above why. Without it a clone of the repository runs the system, with \`npm start\`, ` +
      'or makes the package, with `npm run release -- --dry-run`: set JOBSTREAM_SERVER to its file in .data/packages/tarballs.',
  );
}
