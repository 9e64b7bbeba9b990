import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** What a command must know that is run on the data of a system: its own servers, and what decides about the streams and the table. */
const NAMES = [
  'DATABASE_URL',
  'NATS_URL',
  'NATS_USER',
  'NATS_PASSWORD',
  'NATS_CREDS',
  'NATS_MAX_FILE_STORE',
  'NATS_MONITOR_URL',
  'NATS_STORE_DIR',
  'STREAM_REPLICAS',
  'JOBS_MAX_AGE',
  'TABLE_MAX_AGE',
  'SEARCH_PATHS',
  'ARCHIVE',
  'ARCHIVE_ENDPOINT',
  'ACK_WAIT_MS',
] as const;

type RecordedSettings = Readonly<Record<string, string>>;

/** Writes with what settings the system is started to a file that stays, and that only its user can read. */
export function recordSettings(dataDir: string, env: NodeJS.ProcessEnv): void {
  mkdirSync(dataDir, { recursive: true });
  const file = fileIn(dataDir);
  rmSync(file, { force: true });
  writeFileSync(file, `${JSON.stringify(presentSettings(env), undefined, 2)}\n`, { mode: 0o600 });
}

/** Returns the settings with which the system on this data folder was last started; none if it never was. */
export function recordedSettings(dataDir: string): RecordedSettings {
  try {
    return JSON.parse(readFileSync(fileIn(dataDir), 'utf8')) as RecordedSettings;
  } catch {
    return {};
  }
}

/** Selects the settings that are recorded; an empty one is as good as none. */
export function presentSettings(env: NodeJS.ProcessEnv): RecordedSettings {
  return Object.fromEntries(NAMES.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
}

function fileIn(dataDir: string): string {
  return path.join(dataDir, 'settings.json');
}
