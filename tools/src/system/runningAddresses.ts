import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { identify, isRunning } from '@jobstream/servers';
import type { ProcessIdentity } from '@jobstream/servers';

/** The addresses and stream settings that another process needs to join a running system. */
const NAMES = ['NATS_URL', 'DATABASE_URL', 'STREAM_REPLICAS', 'JOBS_MAX_AGE'] as const;

interface Recorded {
  readonly owner: ProcessIdentity;
  readonly env: Readonly<Record<string, string>>;
}

/** Writes the addresses of this run to a file that only its user can read; returns the function that deletes it. */
export function recordAddresses(dataDir: string, env: NodeJS.ProcessEnv): () => void {
  const owner = identify(process.pid);
  const present = NAMES.flatMap((name) => (env[name] ? [[name, env[name]]] : []));
  const file = fileIn(dataDir);
  rmSync(file, { force: true });
  writeFileSync(file, JSON.stringify({ owner, env: Object.fromEntries(present) }), { mode: 0o600 });
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

function fileIn(dataDir: string): string {
  return path.join(dataDir, 'addresses.json');
}
