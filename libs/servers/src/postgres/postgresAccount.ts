import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The account under which Postgres runs; without ids, the account of this process. */
export interface PostgresAccount {
  uid?: number;
  gid?: number;
}

/** Returns the account for Postgres, which refuses to run as root: for root the user `postgres`, else `nobody`. */
export function postgresAccount(uid: number | undefined = process.getuid?.()): PostgresAccount {
  if (uid !== 0) return {};
  const account = findAccount('postgres') ?? findAccount('nobody');
  if (account === undefined) throw new Error('Postgres cannot run as root, and there is no user postgres or nobody.');
  return account;
}

/** Returns whether the account can enter and read the folder, by a check that runs as that account. */
export function canReach({ uid, gid }: PostgresAccount, folder: string): boolean {
  const account = { ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }) };
  const check = 'cd "$1" && test -r . && test -x .';
  return spawnSync('/bin/sh', ['-c', check, 'sh', folder], { ...account, cwd: '/', stdio: 'ignore' }).status === 0;
}

function findAccount(name: string): PostgresAccount | undefined {
  const entry = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .find((fields) => fields[0] === name);
  return entry === undefined ? undefined : { uid: Number(entry[2]), gid: Number(entry[3]) };
}
