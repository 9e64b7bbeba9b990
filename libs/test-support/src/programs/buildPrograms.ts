import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { repositoryRoot } from '@jobstream/servers';
import { build } from 'esbuild';
import type { OutputFile } from 'esbuild';

/** The programs that tests start many times, as paths in the repository. */
const SOURCES = [
  'apps/api/src/main.ts',
  'apps/cli/src/main.ts',
  'apps/projector/src/archive/main.ts',
  'apps/projector/src/main.ts',
  'apps/projector/src/rebuild/main.ts',
  'apps/projector/src/verify/main.ts',
  'apps/relay/src/main.ts',
  'apps/worker/src/main.ts',
  'apps/worker/testing/faultyWorker.ts',
  'libs/servers/src/process/guardProcess.ts',
  'libs/worker/testing/blockedWorker.ts',
  'tools/doctor.ts',
  'tools/keys.ts',
  'tools/migrate.ts',
  'tools/outbox.ts',
  'tools/src/handlers/runHandlers.ts',
  'tools/start.ts',
];
/** What the programs read, and by which they know their root: as in the published package. */
const ASSETS = ['apps/cli/package.json', 'deploy/nats/users.conf', 'libs/outbox/sql', 'migrations'];
const UNUSED_AFTER_MS = 24 * 3_600_000;

/**
 * Bundles the programs of the images, as their build does: from a bundle a process starts with a third of the CPU time, because
 * it does not load a thousand modules.
 *
 * @returns the folder with the bundles, which later runs with the same sources use again. It lies in the repository, because
 * they look for packages that are not bundled, as the files of swagger-ui, above themselves.
 */
export async function buildPrograms(): Promise<string> {
  const parent = path.join(repositoryRoot, '.data', 'cache', 'programs');
  const files = await bundle(parent);
  const hash = createHash('sha256').update(ASSETS.join(' '));
  for (const { path: name, hash: content } of files) hash.update(`${name} ${content}\n`);
  const folder = path.join(parent, hash.digest('hex').slice(0, 16));
  if (!existsSync(folder)) await write(files, parent, folder);
  const now = new Date();
  await utimes(folder, now, now);
  await removeUnused(parent);
  return folder;
}

async function bundle(outdir: string): Promise<OutputFile[]> {
  const { outputFiles } = await build({
    absWorkingDir: repositoryRoot,
    entryPoints: SOURCES,
    outbase: repositoryRoot,
    outdir,
    write: false,
    bundle: true,
    splitting: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    outExtension: { '.js': '.mjs' },
    // The same exceptions as in the Dockerfile.
    banner: {
      js: `import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);`,
    },
    external: ['pg-native', 'cloudflare:sockets'],
  });
  return outputFiles;
}

/** Writes to a scratch folder first: another run must not see a partial one. */
async function write(files: readonly OutputFile[], parent: string, folder: string): Promise<void> {
  await mkdir(parent, { recursive: true });
  const scratch = await mkdtemp(path.join(parent, 'new-'));
  for (const { path: name, contents } of files) {
    const file = path.join(scratch, path.relative(parent, name));
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, contents);
  }
  for (const asset of ASSETS) {
    await mkdir(path.dirname(path.join(scratch, asset)), { recursive: true });
    await symlink(path.join(repositoryRoot, asset), path.join(scratch, asset));
  }
  await rename(scratch, folder).catch(async (cause: unknown) => {
    await rm(scratch, { recursive: true });
    if (!existsSync(folder)) throw cause; // else another run was faster
  });
}

async function removeUnused(parent: string): Promise<void> {
  const oldest = Date.now() - UNUSED_AFTER_MS;
  for (const name of await readdir(parent)) {
    const folder = path.join(parent, name);
    const found = await stat(folder).catch(() => undefined); // another run may remove it too
    if (found !== undefined && found.mtimeMs < oldest) await rm(folder, { recursive: true, force: true });
  }
}
