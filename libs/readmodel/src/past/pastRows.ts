import type { Job, JobStatus, SignalCounts } from '@jobstream/domain';
import type { ClientBase } from 'pg';
import { arrayLiteral, copyField, plainArrayLiteral } from '../postgres/bulkStatement.ts';
import type { BulkStatement, RowCopy } from '../postgres/bulkStatement.ts';
import { originalJson, originalText, storableJson, storableText } from '../postgres/storableValues.ts';
import type { PastChange, PastJob, StateBefore } from './foldChanges.ts';

interface PastJobRow {
  readonly job_id: string;
  readonly first_sequence: number;
  readonly type: string;
  readonly tenant: string | null;
  readonly tags: readonly string[];
  readonly status: JobStatus;
  readonly since: number;
  readonly version: number;
  readonly attempt: number;
  readonly max_attempts: number;
  readonly last_sequence: number;
  readonly steps_recorded: number;
  readonly unread: string | null;
}

const COLUMNS =
  'job_id, first_sequence, type, tenant, tags, status, since, version, attempt, max_attempts, last_sequence, steps_recorded, unread';

const LOAD = { name: 'load_past_jobs', text: `SELECT ${COLUMNS} FROM past_jobs WHERE job_id = ANY($1::uuid[])` };

/** Those among these jobs that have begun; the row of the first change is found by its index. */
const LOAD_BEGUN = {
  name: 'load_begun_past_jobs',
  text: 'SELECT job_id AS id FROM past_changes WHERE job_id = ANY($1::uuid[]) AND left_status IS NULL',
};

/** Reads what is known of these jobs. One that has begun and has no row any more has completed. */
export async function loadPastJobs(
  client: ClientBase,
  ids: readonly string[],
): Promise<ReadonlyMap<string, StateBefore>> {
  const { rows: begun } = await client.query<{ id: string }>({ ...LOAD_BEGUN, values: [ids] });
  const { rows } = await client.query<PastJobRow>({ ...LOAD, values: [ids] });
  return new Map<string, StateBefore>([
    ...begun.map(({ id }) => [id, 'completed'] as const),
    ...rows.map((row) => [row.job_id, pastJobOf(row)] as const),
  ]);
}

/** What the row lacks decides neither about the status of a job nor about which events are legal. */
export const NOT_KEPT = {
  payload: undefined,
  backoff: { type: 'fixed', delayMs: 0 },
  timeoutMs: 1,
  createdAt: '',
  updatedAt: '',
} as const satisfies Partial<Job>;

function pastJobOf(row: PastJobRow): PastJob {
  const { job_id: id, type, tenant, tags, status, version, attempt, max_attempts: maxAttempts } = row;
  const kept = { id, type, status, version, attempt, maxAttempts, tags: tags.map(originalText) };
  const entries = {
    ...(row.steps_recorded === 0 ? {} : { stepsRecorded: row.steps_recorded }),
    ...(row.unread === null ? {} : { unread: originalJson(row.unread) as SignalCounts }),
  };
  const job: Job = { ...NOT_KEPT, ...kept, ...entries, ...(tenant === null ? {} : { tenant }) };
  return { job, firstSequence: row.first_sequence, since: row.since, lastSequence: row.last_sequence };
}

/** Inserts new jobs; fails when one of them has a row. */
export function copyPastJobs(jobs: readonly PastJob[]): RowCopy[] {
  if (jobs.length === 0) return [];
  const rows = jobs.map(({ job, firstSequence, since, lastSequence }) => {
    const { id, type, tenant = null, status, version, attempt, maxAttempts, stepsRecorded = 0 } = job;
    const fields = [id, firstSequence, type, tenant, tagsOf(job), status, since, version, attempt, maxAttempts];
    return [...fields, lastSequence, stepsRecorded, unreadOf(job)].map(copyField).join('\t');
  });
  return [{ text: `COPY past_jobs (${COLUMNS}) FROM STDIN`, data: `${rows.join('\n')}\n` }];
}

const UPDATE = {
  name: 'update_past_jobs',
  text: `UPDATE past_jobs SET status = new.status, since = new.since, version = new.version, attempt = new.attempt,
      last_sequence = new.last_sequence, steps_recorded = new.steps_recorded, unread = new.unread
    FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::int[], $5::int[], $6::bigint[], $7::int[], $8::jsonb[])
      AS new(job_id, status, since, version, attempt, last_sequence, steps_recorded, unread)
    WHERE past_jobs.job_id = new.job_id`,
};

/** Updates jobs that have a row. */
export function updatePastJobs(jobs: readonly PastJob[]): BulkStatement[] {
  if (jobs.length === 0) return [];
  const values = [
    plainArrayLiteral(jobs.map(({ job }) => job.id)),
    arrayLiteral(jobs.map(({ job }) => job.status)),
    plainArrayLiteral(jobs.map(({ since }) => since)),
    plainArrayLiteral(jobs.map(({ job }) => job.version)),
    plainArrayLiteral(jobs.map(({ job }) => job.attempt)),
    plainArrayLiteral(jobs.map(({ lastSequence }) => lastSequence)),
    plainArrayLiteral(jobs.map(({ job }) => job.stepsRecorded ?? 0)),
    arrayLiteral(jobs.map(({ job }) => unreadOf(job))),
  ];
  return [{ ...UPDATE, values, rows: jobs.length }];
}

const DELETE = { name: 'delete_past_jobs', text: 'DELETE FROM past_jobs WHERE job_id = ANY($1::uuid[])' };

/** Deletes jobs that have a row. */
export function deletePastJobs(ids: readonly string[]): BulkStatement[] {
  return ids.length === 0 ? [] : [{ ...DELETE, values: [plainArrayLiteral(ids)], rows: ids.length }];
}

const COPY_CHANGES = `COPY past_changes (sequence, at, job_id, first_sequence, type, tenant, tags, status, left_status, since)
  FROM STDIN`;

/** Inserts the changes. */
export function copyChanges(changes: readonly PastChange[]): RowCopy[] {
  if (changes.length === 0) return [];
  const rows = changes.map(({ sequence, at, job, firstSequence, left }) => {
    const { id, type, tenant = null, status } = job;
    const fields = [sequence, at, id, firstSequence, type, tenant, tagsOf(job), status];
    return [...fields, left?.status ?? null, left?.since ?? null].map(copyField).join('\t');
  });
  return [{ text: COPY_CHANGES, data: `${rows.join('\n')}\n` }];
}

function unreadOf({ unread }: Job): string | null {
  return unread === undefined ? null : storableJson(unread);
}

function tagsOf({ tags }: Job): string {
  return arrayLiteral(tags.map(storableText));
}

/** Sequences whose changes are counted together; exact numbers need at most so many rows of `past_changes`. */
export const CHUNK = 16_384;

const ADD = {
  name: 'add_to_past_counts',
  text: `INSERT INTO past_counts (chunk, tenant, type, status, delta)
    SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bigint[])
    ON CONFLICT (chunk, tenant, type, status) DO UPDATE SET delta = past_counts.delta + excluded.delta`,
};

interface Delta {
  readonly chunk: number;
  readonly tenant: string;
  readonly type: string;
  readonly status: string;
  delta: number;
}

/** Counts the changes. */
export function countChanges(changes: readonly PastChange[]): BulkStatement[] {
  const deltas = [...deltasOf(changes).values()].filter(({ delta }) => delta !== 0);
  if (deltas.length === 0) return [];
  const columns = [
    deltas.map(({ chunk }) => chunk),
    deltas.map(({ tenant }) => tenant),
    deltas.map(({ type }) => type),
    deltas.map(({ status }) => status),
    deltas.map(({ delta }) => delta),
  ];
  return [{ ...ADD, values: columns.map(arrayLiteral), rows: undefined }];
}

function deltasOf(changes: readonly PastChange[]): ReadonlyMap<string, Delta> {
  const deltas = new Map<string, Delta>();
  const add = ({ sequence, job: { tenant = '', type } }: PastChange, status: JobStatus, by: number) => {
    const chunk = Math.floor(sequence / CHUNK);
    const key = `${chunk} ${tenant} ${type} ${status}`;
    const entry = deltas.get(key);
    if (entry === undefined) deltas.set(key, { chunk, tenant, type, status, delta: by });
    else entry.delta += by;
  };
  for (const change of changes) {
    add(change, change.job.status, 1);
    if (change.left !== undefined) add(change, change.left.status, -1);
  }
  return deltas;
}
