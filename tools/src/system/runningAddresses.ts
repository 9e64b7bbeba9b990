import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { identify, isRunning } from '@jobstream/servers';
import type { ProcessIdentity } from '@jobstream/servers';

/** The addresses and stream settings that another process needs to join a running system. */
const NAMES = ['NATS_URL', 'DATABASE_URL', 'STREAM_REPLICAS', 'JOBS_MAX_AGE'] as const;

interface Recorded {
  readonly owner: ProcessIdentity;
  readonly env: Readonly<Record<string, string>>;
  /** The address of the API, for producers. */
  readonly api: string;
  /** For workers of one's own: what they take as NATS_URL, with a user and a password where the server has users. */
  readonly nats: { readonly worker: string };
}

/** Writes the addresses of this run to a file that only its user can read; returns the function that deletes it. */
export function recordAddresses(dataDir: string, env: NodeJS.ProcessEnv, api: string): () => void {
  const owner = identify(process.pid);
  const present = NAMES.flatMap((name) => (env[name] ? [[name, env[name]]] : []));
  const recorded = { owner, env: Object.fromEntries(present), api, nats: { worker: workerUrl(env) } };
  const file = fileIn(dataDir);
  rmSync(file, { force: true });
  writeFileSync(file, JSON.stringify(recorded), { mode: 0o600 });
  return () => rmSync(file, { force: true });
}

/** The settings of the system that runs on this data folder now; undefined when none does. */
export function runningAddresses(dataDir: string): Readonly<Record<string, string>> | undefined {
  try {
    const { owner, env }: Recorded = JSON.parse(readFileSync(fileIn(dataDir), 'utf8'));
    return isRunning(owner) ? env : undefined;
  } catch {
    return undefined;
  }
}

/** Returns the address at which a worker reaches the NATS server, with the user and password that `env` has. */
function workerUrl({ NATS_URL = '', NATS_USER, NATS_PASSWORD = '' }: NodeJS.ProcessEnv): string {
  if (!NATS_USER) return NATS_URL;
  return NATS_URL.replace('://', `://${encodeURIComponent(NATS_USER)}:${encodeURIComponent(NATS_PASSWORD)}@`);
}

function fileIn(dataDir: string): string {
  return path.join(dataDir, 'addresses.json');
}
