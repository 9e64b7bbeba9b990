import { diagnoseLog } from '@jobstream/eventlog';
import type { LogDiagnosis } from '@jobstream/eventlog';
import { eventLogSettings, readConfig } from '@jobstream/runtime';
import { recordedSettings } from '../system/recordedSettings.ts';
import { runningAddresses, runningApi } from '../system/runningAddresses.ts';

/** Something that is wrong, and what to do about it, each in a sentence. */
export interface Finding {
  readonly wrong: string;
  readonly remedy: string;
}

/** What the checks look at. */
export interface Examination {
  /** As it was given, without what the data folder adds. */
  readonly given: NodeJS.ProcessEnv;
  /** With the addresses and settings of the system on the data folder. */
  readonly env: NodeJS.ProcessEnv;
  readonly dataDir: string;
  /** Whether the environment names a NATS server, or a system runs on the data folder. */
  readonly hasLog: boolean;
  readonly hasDatabase: boolean;
  readonly apiUrl: string | undefined;
  /** What the servers of the log say, asked once; undefined without any. */
  readonly log: Promise<LogDiagnosis | undefined>;
}

/** A check: returns what is wrong. It changes nothing, and rejects only if it has a defect itself. */
export type Check = (examination: Examination) => readonly Finding[] | Promise<readonly Finding[]>;

/** Collects what the checks look at: the environment, and the system that runs on the data folder. */
export function examine(given: NodeJS.ProcessEnv, dataDir: string): Examination {
  const running = runningAddresses(dataDir, 'operator');
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ''));
  const env = { ...(running ?? recordedSettings(dataDir)), ...present };
  const hasLog = Boolean(env['NATS_URL']);
  return {
    given,
    env,
    dataDir,
    hasLog,
    hasDatabase: Boolean(env['DATABASE_URL']),
    apiUrl: given['JOBSTREAM_URL'] || given['API_URL'] || runningApi(dataDir),
    log: hasLog ? askLog(env) : Promise.resolve(undefined),
  };
}

/** Each user of `deploy/nats/users.conf` may receive answers only under its own name. */
function userOf(env: NodeJS.ProcessEnv): string {
  const url = env['NATS_URL']?.split(',')[0] ?? '';
  return env['NATS_USER'] || (URL.canParse(url) && new URL(url).username) || 'doctor';
}

/** Settings that cannot be read are a finding of another check. */
async function askLog(env: NodeJS.ProcessEnv): Promise<LogDiagnosis | undefined> {
  try {
    return await diagnoseLog({ ...eventLogSettings(readConfig(env)), name: userOf(env) });
  } catch {
    return undefined;
  }
}
