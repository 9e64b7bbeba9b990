import { chmod, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { runCommand } from '../process/runCommand.ts';
import { cacheFolder } from './cacheFolder.ts';

const keyrings = ['/usr/share/keyrings/debian-archive-keyring.pgp', '/usr/share/keyrings/debian-archive-keyring.gpg'];

/**
 * Downloads one package of a Debian suite and unpacks it into `target`, without root and without changing the system's
 * package lists. Uses the machine's mirror, proxy and archive keyring, and verifies signatures. Without a suite the
 * package comes from the machine's current lists.
 */
export async function unpackAptPackage(name: string, target: string, suite?: string): Promise<void> {
  const work = await mkdtemp(path.join(os.tmpdir(), 'jobstream-apt-'));
  try {
    await chmod(work, 0o755); // apt run by root reads and writes here as user _apt
    const options = suite === undefined ? [] : await privateLists(work, suite);
    const wanted = suite === undefined ? name : `${name}/${suite}`;
    await runCommand('apt-get', [...options, 'download', wanted], { cwd: work });
    await runCommand('dpkg', ['-x', path.join(work, await downloaded(work)), target]);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/**
 * Unpacks packages of the machine's current lists into one folder of the cache, once.
 *
 * @param name of that folder.
 * @returns its path.
 */
export async function keepAptPackages(
  name: string,
  packages: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const kept = path.join(cacheFolder(env), name);
  if (existsSync(kept)) return kept;
  const scratch = await mkdtemp(`${kept}-`);
  try {
    for (const one of packages) await unpackAptPackage(one, scratch);
    await rename(scratch, kept).catch((error: unknown) => {
      if (!existsSync(kept)) throw error; // else another process has kept them
    });
    return kept;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** The folders of the libraries among unpacked packages, for `LD_LIBRARY_PATH`. */
export function aptLibraryPath(folder: string): string {
  const folders = ['usr/lib/x86_64-linux-gnu', 'usr/lib/aarch64-linux-gnu'];
  return folders.map((place) => path.join(folder, place)).join(path.delimiter);
}

async function downloaded(work: string): Promise<string> {
  const file = (await readdir(work)).find((name) => name.endsWith('.deb'));
  if (file === undefined) throw new Error('apt-get downloaded nothing');
  return file;
}

async function privateLists(work: string, suite: string): Promise<string[]> {
  const options = await privateFolders(work);
  const [mirror, keyring] = [await debianMirror(), keyrings.find((file) => existsSync(file))];
  if (keyring === undefined) throw new Error('the Debian archive keyring is not installed');
  await writeFile(path.join(work, 'sources.list'), `deb [signed-by=${keyring}] ${mirror} ${suite} main\n`);
  await runCommand('apt-get', [...options, 'update']);
  return options;
}

async function privateFolders(work: string): Promise<string[]> {
  const [lists, cache, status] = ['lists', 'cache', 'status'].map((name) => path.join(work, name));
  await mkdir(path.join(work, 'lists/partial'), { recursive: true });
  await mkdir(path.join(work, 'cache/archives/partial'), { recursive: true });
  await writeFile(path.join(work, 'status'), '');
  const settings = [
    `Dir::State::lists=${lists}`,
    `Dir::State::status=${status}`,
    `Dir::Cache=${cache}`,
    `Dir::Etc::sourcelist=${path.join(work, 'sources.list')}`,
    'Dir::Etc::sourceparts=-',
    'Acquire::Languages=none',
    'APT::Update::Error-Mode=any',
  ];
  return settings.flatMap((setting) => ['-o', setting]);
}

/** Returns the mirror of Debian packages that this machine is configured with. */
export async function debianMirror(): Promise<string> {
  const format = ['--no-release-info', '--format', '$(REPO_URI)', 'Created-By: Packages', 'Component: main'];
  const mirrors = (await runCommand('apt-get', ['indextargets', ...format])).split('\n');
  const mirror = mirrors.find((uri) => /\/debian\/?$/.test(uri));
  if (mirror === undefined) throw new Error('this machine has no Debian mirror configured');
  return mirror;
}
