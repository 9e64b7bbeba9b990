import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { identify, isRunning, natsUsers } from '@jobstream/servers';
import type { NatsUser, ProcessIdentity } from '@jobstream/servers';

/** The addresses and stream settings that another process needs to join a running system. */
const NAMES = ['NATS_URL', 'DATABASE_URL', 'STREAM_REPLICAS', 'JOBS_MAX_AGE', 'ARCHIVE'] as const;

/** The address of NATS for each user, with the user and its password where the server has users. */
type NatsAddresses = Readonly<Record<NatsUser, string>>;

interface RecordedAddresses {
  /** The address of the API, for producers. */
  readonly api: string;
  /** What a process takes as NATS_URL: `worker` for workers of one's own, `operator` for the `nats` command line. */
  readonly nats: NatsAddresses;
}

interface Recorded extends RecordedAddresses {
  readonly owner: ProcessIdentity;
  /** For the tasks of the projector. */
  readonly env: Readonly<Record<string, string>>;
}

/** Returns the address of NATS for each user. */
export function natsAddresses(urlOf: (user: NatsUser) => string): NatsAddresses {
  return Object.fromEntries(natsUsers.map((user) => [user, urlOf(user)])) as NatsAddresses;
}

/** Writes the addresses of this run to a file that only its user can read; returns the function that deletes it. */
export function recordAddresses(dataDir: string, env: NodeJS.ProcessEnv, { api, nats }: RecordedAddresses): () => void {
  const owner = identify(process.pid);
  const present = NAMES.flatMap((name) => (env[name] ? [[name, env[name]]] : []));
  const recorded = { owner, env: { ...Object.fromEntries(present), NATS_URL: nats.projector }, api, nats };
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

function fileIn(dataDir: string): string {
  return path.join(dataDir, 'addresses.json');
}
