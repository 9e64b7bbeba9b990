import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { identify, isRunning, natsUsers } from '@jobstream/servers';
import type { NatsUser, ProcessIdentity } from '@jobstream/servers';
import { presentSettings } from './recordedSettings.ts';

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
  /** The settings that every process of the system must share. */
  readonly env: Readonly<Record<string, string>>;
}

/** Returns the address of NATS for each user. */
export function natsAddresses(urlOf: (user: NatsUser) => string): NatsAddresses {
  return Object.fromEntries(natsUsers.map((user) => [user, urlOf(user)])) as NatsAddresses;
}

/** Writes the addresses of this run to a file that only its user can read; returns the function that deletes it. */
export function recordAddresses(dataDir: string, env: NodeJS.ProcessEnv, { api, nats }: RecordedAddresses): () => void {
  const owner = identify(process.pid);
  const { NATS_USER: _user, NATS_PASSWORD: _password, ...settings } = presentSettings(env); // the addresses have them
  const recorded = { owner, env: settings, api, nats };
  const file = fileIn(dataDir);
  rmSync(file, { force: true });
  writeFileSync(file, JSON.stringify(recorded), { mode: 0o600 });
  return () => rmSync(file, { force: true });
}

/** The settings with which this user of NATS joins the system that runs on this data folder; undefined when none does. */
export function runningAddresses(dataDir: string, user: NatsUser): Readonly<Record<string, string>> | undefined {
  const running = readRunning(dataDir);
  return running && { ...running.env, NATS_URL: running.nats[user] };
}

/** The address of the API of the system that runs on this data folder; undefined when none does. */
export function runningApi(dataDir: string): string | undefined {
  return readRunning(dataDir)?.api;
}

function readRunning(dataDir: string): Recorded | undefined {
  try {
    const recorded: Recorded = JSON.parse(readFileSync(fileIn(dataDir), 'utf8'));
    return isRunning(recorded.owner) ? recorded : undefined;
  } catch {
    return undefined;
  }
}

function fileIn(dataDir: string): string {
  return path.join(dataDir, 'addresses.json');
}
