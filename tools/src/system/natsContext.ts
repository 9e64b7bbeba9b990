import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Writes a selected context of the `nats` command line for the user of this address, readable by the owner alone.
 *
 * @param url has the user and its password, if the server has users.
 * @returns the folder that `nats` needs as XDG_CONFIG_HOME, and the function that deletes the context.
 */
export function writeNatsContext(dataDir: string, url: string): { folder: string; remove: () => void } {
  const folder = path.join(dataDir, 'nats-cli');
  const contexts = path.join(folder, 'nats', 'context');
  const file = path.join(contexts, 'jobstream.json');
  mkdirSync(contexts, { recursive: true, mode: 0o700 });
  rmSync(file, { force: true });
  writeFileSync(file, JSON.stringify(contextOf(new URL(url))), { mode: 0o600 });
  writeFileSync(path.join(folder, 'nats', 'context.txt'), 'jobstream');
  return { folder, remove: () => rmSync(file, { force: true }) };
}

function contextOf({ protocol, host, username, password }: URL): Record<string, string> {
  const server = { description: 'The system of npm start', url: `${protocol}//${host}` };
  if (username === '') return server;
  const user = decodeURIComponent(username);
  return { ...server, user, password: decodeURIComponent(password), inbox_prefix: `_INBOX_${user}` };
}
