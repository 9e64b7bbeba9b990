import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseEnv } from 'node:util';
import { freePort, repositoryRoot } from '@jobstream/servers';
import { dockerCommand, missingLines } from '@jobstream/tools';

/** The system of a Compose file as a project of its own, with passwords, ports and volumes of its own. */
export interface ComposeProject extends AsyncDisposable {
  readonly api: string;
  readonly key: string;
  /** Adds a file of the repository to the Compose file, for all commands from now on. */
  overlay(file: string): void;
  /** Runs `docker compose` with these words and returns what it wrote. */
  compose(...words: string[]): Promise<string>;
  /** Runs a statement in the database and returns its rows, columns separated by `|`. */
  query(sql: string): Promise<readonly string[]>;
}

export interface ComposeOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Variables of the Compose file that are not generated: names of images, and what only one file has. */
  readonly variables: Readonly<Record<string, string>>;
  /** The Compose file; default: that of the repository. */
  readonly file?: string;
}

/** Makes a project; nothing of it runs yet. */
export async function composeProject({
  env,
  variables,
  file: composeFile = 'docker-compose.yml',
}: ComposeOptions): Promise<ComposeProject> {
  const folder = await mkdtempDisposable(path.join(os.tmpdir(), 'jobstream-compose-'));
  const lines = missingLines({ present: {}, cluster: false, images: variables });
  const port = await freePort();
  const file = path.join(folder.path, 'env');
  await writeFile(file, `${lines.join('\n')}\nAPI_PORT=${port}\n`, { mode: 0o600 });
  const name = `jobstream-${path.basename(folder.path).slice(-6).toLowerCase()}`;
  const start = ['compose', '--env-file', file, '--project-name', name];
  const overlay = (added: string) => void start.push('--file', path.join(repositoryRoot, added));
  overlay(composeFile);
  const compose = (...words: string[]) => dockerCommand([...start, ...words], env);
  return {
    api: `http://127.0.0.1:${port}`,
    key: parseEnv(lines.join('\n'))['API_KEY'] ?? '',
    overlay,
    compose,
    async query(sql) {
      const psql = ['psql', '--username', 'jobstream', '--no-align', '--tuples-only', '--command', sql];
      return (await compose('exec', '-T', 'postgres', ...psql)).split('\n').filter((line) => line !== '');
    },
    async [Symbol.asyncDispose]() {
      await compose('down', '--volumes', '--timeout', '5');
      await folder[Symbol.asyncDispose]();
    },
  };
}
