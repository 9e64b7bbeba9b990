import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { startNats, type TestNats } from '@jobstream/testing';
import { repositoryRoot } from '@jobstream/servers';

const USERS = path.join(repositoryRoot, 'deploy', 'nats', 'users.conf');

/** Who may do everything: the kit plays all parts but that of the worker. */
export const KIT_USER = { user: 'kit', pass: 'of the kit' } as const;
/** Who the worker comes as: with the permissions that workers have where Jobstream is deployed, and no others. */
export const WORKER_USER = { user: 'worker', pass: 'of the worker' } as const;

/** A nats-server with the users of a deployment, and one more for the kit. */
export async function startNatsForKit(): Promise<TestNats> {
  const users = await readFile(USERS, 'utf8');
  const extraConfig = users
    .replaceAll(/\$NATS_(\w+)_PASSWORD/g, (_variable, user: string) => JSON.stringify(`of the ${user.toLowerCase()}`))
    .replace('users: [', `users: [{ user: ${KIT_USER.user}, password: ${JSON.stringify(KIT_USER.pass)} }`);
  return startNats({ extraConfig });
}
