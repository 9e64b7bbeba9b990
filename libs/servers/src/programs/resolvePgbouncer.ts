import path from 'node:path';
import { runCommand } from '../process/runCommand.ts';
import { aptLibraryPath, keepAptPackages } from './aptPackage.ts';

/** The program, and the libraries of Debian 12 that few other programs need. */
const PACKAGES = ['pgbouncer', 'libc-ares2', 'libevent-2.1-7'];

/** How to run the program, or the reason why it is not available. */
type ResolvedPgbouncer = { readonly command: string; readonly env: NodeJS.ProcessEnv } | { readonly missing: string };

/** Finds PgBouncer: the path in `PGBOUNCER`, the one in the `PATH`, or Debian's package in the cache, without root. */
export async function resolvePgbouncer(env: NodeJS.ProcessEnv = process.env): Promise<ResolvedPgbouncer> {
  const command = env['PGBOUNCER'] || 'pgbouncer';
  const isFound = await runCommand(command, ['--version'], { env }).then(Boolean, () => false);
  if (isFound) return { command, env };
  try {
    const folder = await keepAptPackages('pgbouncer', PACKAGES, env);
    const program = path.join(folder, 'usr/sbin/pgbouncer');
    return { command: program, env: { ...env, LD_LIBRARY_PATH: aptLibraryPath(folder) } };
  } catch (error) {
    return { missing: `PgBouncer is not installed: install it, or set PGBOUNCER to one (${String(error)})` };
  }
}
