import { randomBytes } from 'node:crypto';
import { chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { repositoryRoot } from '../process/programFile.ts';

/** The users of `deploy/nats/users.conf`. */
export const natsUsers = ['api', 'worker', 'relay', 'projector', 'migrate', 'operator'] as const;
export type NatsUser = (typeof natsUsers)[number];

/** Returns the setting with the password of a user, or of the routes between the servers of a cluster. */
export function natsPasswordVariable(user: NatsUser | 'route'): string {
  return `NATS_${user.toUpperCase()}_PASSWORD`;
}

type NatsPasswords = Readonly<Record<NatsUser, string>>;

/** What a nats-server needs so that it has these users. */
export interface NatsUsersConfig {
  readonly passwords: NatsPasswords;
  /** Lines for its configuration. */
  readonly extraConfig: string;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Provides the users of `deploy/nats/users.conf` for a server on this data folder, each with a password that is generated
 * once and kept in `passwords.json`, readable by the owner alone. Without the file, passwords are new with the next start.
 */
export async function provideNatsUsers(dataDir: string): Promise<NatsUsersConfig> {
  await mkdir(dataDir, { recursive: true });
  const passwords = await keptPasswords(path.join(dataDir, 'passwords.json'));
  const users = path.join(dataDir, 'users.conf');
  await copyFile(path.join(repositoryRoot, 'deploy', 'nats', 'users.conf'), users);
  await chmod(users, 0o600);
  const env = natsUsers.map((user) => [natsPasswordVariable(user), passwords[user]] as const);
  // The server takes paths of included files from where its own configuration is.
  return { passwords, extraConfig: 'include ./users.conf', env: Object.fromEntries(env) };
}

/** Returns the address with a user and password in it. */
export function natsUrlAs(url: string, user: string, password: string): string {
  return url.replace('://', `://${encodeURIComponent(user)}:${encodeURIComponent(password)}@`);
}

/** A user that an earlier release did not have gets a password as well. */
async function keptPasswords(file: string): Promise<NatsPasswords> {
  const kept = parse(await readFile(file, 'utf8').catch(() => '{}'));
  const all = natsUsers.map((user) => [user, kept[user] ?? newPassword()] as const);
  const passwords = Object.fromEntries(all) as NatsPasswords;
  await writeFile(file, `${JSON.stringify(passwords, undefined, 2)}\n`, { mode: 0o600 });
  await chmod(file, 0o600); // the mode above applies to a new file only
  return passwords;
}

/** A file that was written half is as good as none. */
function parse(text: string): Partial<NatsPasswords> {
  try {
    return JSON.parse(text) as Partial<NatsPasswords>;
  } catch {
    return {};
  }
}

/** With a letter at its beginning: nats-server takes a password of digits for a number. */
function newPassword(): string {
  return `p${randomBytes(24).toString('hex')}`;
}
