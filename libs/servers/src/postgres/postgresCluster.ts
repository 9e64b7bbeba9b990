import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { PostgresAccount } from './postgresAccount.ts';
import { runCommand } from '../process/runCommand.ts';

export interface Cluster {
  binaries: string;
  /** Contains `data`, `password` and the log. */
  home: string;
  account: PostgresAccount;
}

export const superuser = 'jobstream';

/**
 * Creates the cluster if there is none, and returns its password. It has a password instead of `trust` because on a
 * shared machine every user can connect to the loopback interface, and a superuser may run programs as our user.
 */
export async function ensureCluster(cluster: Cluster): Promise<string> {
  const { home } = cluster;
  if (!existsSync(path.join(home, 'data', 'PG_VERSION'))) await createCluster(cluster);
  return readFile(path.join(home, 'password'), 'utf8').catch((cause: unknown) => {
    const hint = 'delete that folder, and the table is rebuilt from the log, but API keys must be created again';
    throw new Error(`The password of the database in ${home} cannot be read: ${hint}.`, { cause });
  });
}

/** Removes a lock file whose process id now belongs to another program, because of which Postgres refuses to start. */
export async function removeStaleLock(home: string): Promise<void> {
  const lock = path.join(home, 'data', 'postmaster.pid');
  const pid = Number((await readFile(lock, 'utf8').catch(() => '')).split('\n')[0]);
  if (!pid || process.platform !== 'linux') return;
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  if (!command.includes('postgres')) await rm(lock, { force: true });
}

async function createCluster({ binaries, home, account }: Cluster): Promise<void> {
  const [scratch, data] = [path.join(home, 'new'), path.join(home, 'data')];
  const password = randomBytes(18).toString('base64url');
  await rm(scratch, { recursive: true, force: true });
  await mkdir(scratch, { mode: 0o700 });
  await writeFile(path.join(scratch, 'pwfile'), password, { mode: 0o600 });
  await giveTo(account, [scratch, path.join(scratch, 'pwfile')]);
  await initialise(path.join(binaries, 'bin', 'initdb'), scratch, account);
  await writeFile(path.join(home, 'password'), password, { mode: 0o600 });
  await chmod(path.join(home, 'password'), 0o600);
  await rm(data, { recursive: true, force: true });
  await rename(path.join(scratch, 'data'), data); // only a finished cluster gets the name
  await rm(scratch, { recursive: true });
}

async function giveTo({ uid, gid }: PostgresAccount, files: string[]): Promise<void> {
  if (uid === undefined || gid === undefined) return;
  for (const file of files) await chown(file, uid, gid);
}

async function initialise(initdb: string, scratch: string, account: PostgresAccount): Promise<void> {
  const args = [
    `--pgdata=${path.join(scratch, 'data')}`,
    `--username=${superuser}`,
    `--pwfile=${path.join(scratch, 'pwfile')}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    ...(await builtinLocale(initdb, account)),
    '--no-instructions',
  ];
  // initdb fails for a user without an entry in /etc/passwd. In a user namespace it runs as nobody, which has one.
  const borrowed = account.uid === undefined && !hasName();
  const [command, before] = borrowed ? ['unshare', ['--user', '--map-user=65534', initdb]] : [initdb, []];
  await runCommand(command, [...before, ...args], { ...account, env: clusterEnvironment(), cwd: '/' });
}

/** Postgres 17 has a locale for UTF-8 of its own; those before take that of the system. */
async function builtinLocale(initdb: string, account: PostgresAccount): Promise<readonly string[]> {
  const help = await runCommand(initdb, ['--help'], { ...account, env: clusterEnvironment(), cwd: '/' });
  return help.includes('--builtin-locale')
    ? ['--locale-provider=builtin', '--builtin-locale=C.UTF-8']
    : ['--locale=C.UTF-8'];
}

function hasName(): boolean {
  try {
    return os.userInfo().username !== '';
  } catch {
    return false;
  }
}

/** Returns the environment of Postgres: a fixed one, because it reads many PG* variables and the locale. */
export function clusterEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' };
}
