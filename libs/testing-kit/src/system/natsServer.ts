import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** A nats-server of a test's own. */
export interface NatsServer {
  readonly url: string;
  stop(): Promise<void>;
}

const POLL_MS = 10;

/**
 * Returns the server at NATS_URL, or starts one on a free loopback port, with its data in a folder of its own. Its program is
 * that at NATS_SERVER or on the PATH, else one that is fetched into the cache of the user, as `jobstream dev` does.
 *
 * @throws Error with one sentence on what to install when there is none.
 */
export async function natsServer(env: NodeJS.ProcessEnv = process.env): Promise<NatsServer> {
  const { NATS_URL: url } = env;
  if (url) return { url, stop: () => Promise.resolve() };
  // What finds and fetches programs is loaded by those tests alone that start one.
  const { resolveNatsServer } = await import('@jobstream/servers/nats-program');
  const program = await resolveNatsServer({ env, note: (line) => process.stderr.write(`${line}\n`) });
  const folder = await mkdtemp(path.join(os.tmpdir(), 'jobstream-testing-'));
  const args = ['-a', '127.0.0.1', '-p', '-1', '-js', '-sd', path.join(folder, 'data'), '--ports_file_dir', folder];
  const server = spawn(program, args, { stdio: 'ignore' });
  const ended = once(server, 'exit');
  const stop = async () => {
    server.kill('SIGTERM');
    await ended.catch(() => undefined);
    await rm(folder, { recursive: true, force: true });
  };
  const died = ended.then((): never => {
    throw new Error(`${program} ended at its start`);
  });
  try {
    return { url: await Promise.race([urlIn(folder), died]), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The server writes its addresses into a file when it is ready. */
async function urlIn(folder: string): Promise<string> {
  for (;;) {
    const file = (await readdir(folder)).find((name) => name.endsWith('.ports'));
    const [url] = file === undefined ? [] : addressesIn(await readFile(path.join(folder, file), 'utf8'));
    if (url !== undefined) return url;
    await pause(POLL_MS);
  }
}

/** None while the file is being written. */
function addressesIn(text: string): readonly string[] {
  try {
    return (JSON.parse(text) as { readonly nats: readonly string[] }).nats;
  } catch {
    return [];
  }
}
