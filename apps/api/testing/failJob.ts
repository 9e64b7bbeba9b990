import { carryOut } from './carryOut.ts';
import type { TestApi } from './startApi.ts';

interface FailingJob {
  readonly type: string;
  /** Of its error. */
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly payload?: unknown;
  readonly tags?: readonly string[];
  readonly workerVersion?: string;
  readonly key?: string;
  /** When it fails, RFC 3339; default now. */
  readonly at?: string;
}

/** Creates a job and lets its first attempt fail, as a worker would; returns its id. */
export async function failJob(api: TestApi, job: FailingJob): Promise<string> {
  const { type, payload, tags, workerVersion, key, at = new Date().toISOString(), ...error } = job;
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
  const { id } = (await (await api.post('/api/jobs', { type, payload, tags }, headers)).json()) as { id: string };
  const failure = { name: 'SmtpError', code: 'E452', ...error };
  const version = workerVersion === undefined ? {} : { workerVersion };
  const start = { kind: 'StartAttempt', worker: 'w', ...version } as const;
  const fail = { kind: 'FailAttempt', attempt: 1, cause: 'unrecoverable', random: 0, durationMs: 1 } as const;
  await carryOut(api, id, start, { ...fail, error: failure, at });
  return id;
}
