import type {
  Backoff,
  ByDefinition,
  Job,
  JobError,
  JobProgress,
  JobStatus,
  Lane,
  SignalCounts,
  Unique,
} from '@jobstream/domain';
import { originalJson, originalText } from '../postgres/storableValues.ts';

/** A row of `jobs` as it arrives with our column types. */
export interface JobRow {
  readonly id: string;
  readonly type: string;
  readonly status: JobStatus;
  readonly payload: string | null;
  readonly result: string | null;
  readonly result_inexact: true | null;
  readonly error: string | null;
  readonly progress: string | null;
  readonly attempt: number;
  readonly max_attempts: number;
  readonly backoff: string;
  readonly timeout_ms: number;
  readonly by_definition: string | null;
  readonly run_at: string | null;
  readonly created_at: string;
  readonly updated_at: string;
  readonly started_at: string | null;
  readonly finished_at: string | null;
  readonly ran_ms: number | null;
  readonly worker: string | null;
  readonly worker_version: string | null;
  readonly started_by: string | null;
  readonly tags: readonly string[];
  readonly idempotency_key: string | null;
  readonly fingerprint: string | null;
  readonly tenant: string | null;
  readonly rerun_of: string | null;
  readonly priority: Lane | null;
  readonly unique_rule: string | null;
  readonly unique_key: string | null;
  readonly steps_recorded: number | null;
  readonly generation: number | null;
  readonly unread: string | null;
  readonly awaits: string | null;
  readonly unreadable_events: number | null;
  readonly version: number;
  readonly last_sequence: number;
}

const columnsButValues = `id, type, status, error, progress, attempt, max_attempts, backoff, timeout_ms, by_definition, run_at,
  created_at, updated_at, started_at, finished_at, ran_ms, worker, worker_version, started_by, tags, idempotency_key, fingerprint, tenant,
  rerun_of, priority, unique_rule, unique_key, steps_recorded, generation, unread, awaits, unreadable_events, version, last_sequence, result_inexact`;

/** The select list for a JobRow. */
export const jobColumns = `${columnsButValues}, payload, result`;

/** The select list for a JobRow without payload and result, which can be large. */
export const jobColumnsWithoutValues = `${columnsButValues}, NULL AS payload, NULL AS result`;

/** Converts a row to a job: SQL NULL is an absent field. */
export function jobOfRow(row: JobRow): Job {
  return {
    id: row.id,
    type: row.type,
    status: row.status,
    version: row.version,
    payload: row.payload === null ? undefined : originalJson(row.payload),
    maxAttempts: row.max_attempts,
    backoff: originalJson(row.backoff) as Backoff,
    timeoutMs: row.timeout_ms,
    tags: row.tags.map(originalText),
    attempt: row.attempt,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    ...timesOfRow(row),
    ...textsOfRow(row),
    ...present('byDefinition', row.by_definition, (text) => originalJson(text) as ByDefinition),
    ...(row.priority === null ? {} : { priority: row.priority }),
    ...present('unique', row.unique_rule, (text) => originalJson(text) as Unique),
    ...present('result', row.result, originalJson),
    ...(row.result_inexact === true ? { resultInexact: true } : {}),
    ...present('error', row.error, (text) => originalJson(text) as JobError),
    ...present('progress', row.progress, (text) => originalJson(text) as JobProgress),
    ...(row.steps_recorded === null ? {} : { stepsRecorded: row.steps_recorded }),
    ...(row.generation === null ? {} : { generation: row.generation }),
    ...present('unread', row.unread, (text) => originalJson(text) as SignalCounts),
    ...present('awaits', row.awaits, (text) => originalJson(text) as readonly string[]),
    ...(row.unreadable_events === null ? {} : { unreadableEvents: row.unreadable_events }),
  };
}

function timesOfRow(row: JobRow): Pick<Job, 'runAt' | 'startedAt' | 'finishedAt' | 'ranMs'> {
  return {
    ...present('runAt', row.run_at, asIs),
    ...present('startedAt', row.started_at, asIs),
    ...present('finishedAt', row.finished_at, asIs),
    ...(row.ran_ms === null ? {} : { ranMs: row.ran_ms }),
  };
}

function textsOfRow(
  row: JobRow,
): Pick<
  Job,
  'worker' | 'workerVersion' | 'startedBy' | 'idempotencyKey' | 'fingerprint' | 'tenant' | 'rerunOf' | 'uniqueKey'
> {
  return {
    ...present('worker', row.worker, originalText),
    ...present('workerVersion', row.worker_version, originalText),
    ...present('startedBy', row.started_by, originalText),
    ...present('idempotencyKey', row.idempotency_key, originalText),
    ...present('fingerprint', row.fingerprint, originalText),
    ...present('tenant', row.tenant, asIs),
    ...present('rerunOf', row.rerun_of, asIs),
    ...present('uniqueKey', row.unique_key, originalText),
  };
}

function asIs(text: string): string {
  return text;
}

function present<const Name extends string, Value>(
  name: Name,
  stored: string | null,
  read: (stored: string) => Value,
): { [Key in Name]?: Value } {
  return (stored === null ? {} : { [name]: read(stored) }) as { [Key in Name]?: Value };
}
