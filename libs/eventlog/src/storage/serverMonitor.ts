import { statfs } from 'node:fs/promises';

/** What a nats-server stores, in bytes, and whether it still can. */
export interface ServerStorage {
  /** The host and port of its monitoring address. */
  readonly server: string;
  readonly used: number;
  /** Its `max_file_store`. */
  readonly limit: number;
  /** What is free on its disk; undefined where this process does not see it. */
  readonly free: number | undefined;
  /** In the words of the server: the write that failed, after which it takes no more until it is restarted. */
  readonly failedWrite: string | undefined;
}

const TIMEOUT_MS = 700;

/**
 * Asks a nats-server at its monitoring address what it stores and whether a write has failed; undefined when it does not
 * answer. `storeDir` is its folder, where this process sees it.
 */
export async function askMonitor(url: string, storeDir?: string): Promise<ServerStorage | undefined> {
  try {
    const [storage, health, free] = await Promise.all([get(url, '/jsz'), get(url, '/healthz'), freeIn(storeDir)]);
    const { storage: used, config } = storage as { storage: number; config: { max_storage: number } };
    return { server: new URL(url).host, used, limit: config.max_storage, free, failedWrite: failedWriteIn(health) };
  } catch {
    return undefined;
  }
}

async function get(url: string, path: string): Promise<unknown> {
  const response = await fetch(new URL(path, url), { signal: AbortSignal.timeout(TIMEOUT_MS) });
  return response.json();
}

async function freeIn(storeDir: string | undefined): Promise<number | undefined> {
  if (storeDir === undefined) return undefined;
  return statfs(storeDir).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => undefined,
  );
}

/** The server calls it so for a stream, a consumer and a member of a cluster. */
function failedWriteIn(health: unknown): string | undefined {
  const { error = '' } = health as { error?: string };
  return error.includes('write error') ? error : undefined;
}
