import { createHash } from 'node:crypto';
import { existsSync, lstatSync, realpathSync } from 'node:fs';
import { chmod, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { canReach } from './postgresAccount.ts';
import type { PostgresAccount } from './postgresAccount.ts';

/** The folder for the data of folders that Postgres's account cannot reach, such as those under /root. */
const sharedData = '/var/lib/jobstream';
/** The file in such a folder that contains the path of the link to it. */
const OWNER = 'owner';

/**
 * Returns the folder of a cluster, its password and its log: `<dataDir>/postgres`, which is a link to a folder under
 * /var/lib if Postgres runs under an account that cannot reach `dataDir`.
 */
export async function postgresHome(dataDir: string, account: PostgresAccount, shared = sharedData): Promise<string> {
  await mkdir(dataDir, { recursive: true });
  const home = path.join(dataDir, 'postgres');
  if (existsSync(home)) return existing(home);
  const reachable = account.uid === undefined || canReach(account, dataDir);
  if (reachable) await mkdir(home, { mode: 0o755 });
  else await linkTo(await emptyFolder(shared, realpathSync(dataDir)), home);
  await chmod(home, 0o755); // independent of the umask; other users cannot read the cluster in it
  return existing(home);
}

/** Accepts a data folder that was moved with its link, and refuses a copy: two folders would share one cluster. */
async function existing(home: string): Promise<string> {
  const folder = realpathSync(home);
  if (!lstatSync(home).isSymbolicLink()) return folder;
  const note = path.join(folder, OWNER);
  const owner = await readFile(note, 'utf8').catch(() => '');
  const own = path.join(realpathSync(path.dirname(home)), path.basename(home));
  if (owner !== own && existsSync(owner) && realpathSync(owner) === folder) {
    throw new Error(
      `${home} is a copy of ${owner} and leads to the same data: delete the link ${home} and start again.`,
    );
  }
  await writeFile(note, own);
  return folder;
}

async function emptyFolder(shared: string, dataDir: string): Promise<string> {
  const name = createHash('sha256').update(dataDir).digest('hex').slice(0, 16);
  const folder = path.join(shared, name);
  // Deleting the link means deleting the data.
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o755 });
  await chmod(shared, 0o755);
  return folder;
}

async function linkTo(target: string, link: string): Promise<void> {
  if (lstatSync(link, { throwIfNoEntry: false }) !== undefined) await rm(link); // its target is missing
  await symlink(target, link);
}
