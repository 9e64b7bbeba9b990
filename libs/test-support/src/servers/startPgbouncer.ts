import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { freePort, resolvePgbouncer, ServerProcess } from '@jobstream/servers';
import { eventually } from '../eventually.ts';
import { guardOfThisProcess } from '../guardOfThisProcess.ts';
import { queryDatabase } from '../queryDatabase.ts';
import { scratchDataFolder } from '../scratchDataFolder.ts';

/** A PgBouncer in front of a server. */
export interface TestPgbouncer extends AsyncDisposable {
  /** The URL of a database through it. */
  readonly through: (url: string) => string;
}

/**
 * Starts a PgBouncer in transaction mode, which lends a connection of the server for one transaction at a time.
 *
 * @param urls of databases of one server, of which at least one is needed of each role that connects.
 * @param poolSize how many connections each role has to a database.
 * @returns undefined, after a message, if its program is not available.
 * @throws Error in that case with `CI` set.
 */
export async function startPgbouncer(urls: readonly string[], poolSize: number): Promise<TestPgbouncer | undefined> {
  const resolved = await resolvePgbouncer();
  if ('missing' in resolved) return skipped(resolved.missing);
  const [folder, port] = [await scratchDataFolder('pgbouncer'), await freePort()];
  guardOfThisProcess().remove(folder);
  const config = await configure(folder, { targets: urls.map((url) => new URL(url)), poolSize, port });
  const server = new ServerProcess(guardOfThisProcess());
  await server.launch({
    name: 'pgbouncer',
    ...resolved,
    // It refuses to run as root, and gives that up once it has read its files.
    args: [...(process.getuid?.() === 0 ? ['-u', 'nobody'] : []), config],
    stopSignal: 'SIGTERM',
    logFile: path.join(folder, 'pgbouncer.log'),
    pidFile: path.join(folder, 'pgbouncer.pid'),
  });
  const through = (url: string) => Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(port) }).href;
  await eventually(() => queryDatabase(through(urls[0] ?? ''), 'SELECT 1'), { timeoutMs: 120_000 });
  return { through, [Symbol.asyncDispose]: () => stop(server, folder) };
}

function skipped(missing: string): undefined {
  if (process.env['CI'] !== undefined) throw new Error(missing);
  process.stdout.write(`not tested: ${missing}\n`);
}

interface Settings {
  readonly targets: readonly URL[];
  readonly poolSize: number;
  readonly port: number;
}

async function configure(folder: string, { targets, poolSize, port }: Settings): Promise<string> {
  const [file, users] = [path.join(folder, 'pgbouncer.ini'), path.join(folder, 'users.txt')];
  const [server] = targets;
  const lines = [
    '[databases]',
    `* = host=${server?.hostname} port=${server?.port}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = scram-sha-256',
    `auth_file = ${users}`,
    'pool_mode = transaction',
    `default_pool_size = ${poolSize}`,
    'max_client_conn = 1000',
  ];
  const mode = { mode: 0o600 };
  await writeFile(users, targets.map(({ username, password }) => `"${username}" "${password}"\n`).join(''), mode);
  await writeFile(file, `${lines.join('\n')}\n`, mode);
  return file;
}

async function stop(server: ServerProcess, folder: string): Promise<void> {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}
