import type { JobError, RecordedStep } from '@jobstream/domain';
import type { Pool } from 'pg';
import { originalJson, originalText } from '../postgres/storableValues.ts';

interface StepRow {
  readonly name: string;
  readonly key: string;
  readonly attempt: number;
  readonly ended_at: string;
  readonly duration_ms: number;
  readonly result: string | null;
  readonly error: string | null;
  readonly signal_id: string | null;
  readonly signal_name: string | null;
  readonly waits_until: string | null;
}

const READ = {
  name: 'read_job_steps',
  text: `SELECT name, key, attempt, ended_at, duration_ms, result, error, signal_id, signal_name, waits_until
    FROM job_steps WHERE job_id = $1 ORDER BY ended_at, name, key`,
};

/** Reads the steps of a job, in the order in which they have ended. */
export async function readSteps(pool: Pick<Pool, 'query'>, jobId: string): Promise<readonly RecordedStep[]> {
  const { rows } = await pool.query<StepRow>({ ...READ, values: [jobId] });
  return rows.map(stepOfRow);
}

function stepOfRow(row: StepRow): RecordedStep {
  return {
    name: originalText(row.name),
    ...(row.key === '' ? {} : { key: originalText(row.key) }),
    ...(row.result === null ? {} : { result: originalJson(row.result) }),
    ...(row.error === null ? {} : { error: originalJson(row.error) as JobError }),
    ...signalOfRow(row),
    ...(row.waits_until === null ? {} : { waitsUntil: row.waits_until }),
    durationMs: row.duration_ms,
    attempt: row.attempt,
    at: row.ended_at,
  };
}

function signalOfRow({ signal_id: id, signal_name: name }: StepRow): Pick<RecordedStep, 'signal'> {
  return id === null || name === null ? {} : { signal: { id: originalText(id), name } };
}
