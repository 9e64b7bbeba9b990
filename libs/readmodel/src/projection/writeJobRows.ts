import type { Job, JobState } from '@jobstream/domain';
import { arrayLiteral, copyField, plainArrayLiteral } from '../postgres/bulkStatement.ts';
import type { BulkStatement, RowCopy } from '../postgres/bulkStatement.ts';
import { storableInstant, storableJson, storableText } from '../postgres/storableValues.ts';
import { failureGroup } from '../jobs/failureGroup.ts';

/** What a batch of events did to a job; `sequence` is that of the last one that changed it, undefined if none did. */
export interface ChangedJob {
  readonly before: JobState;
  after: Job;
  sequence: number | undefined;
}

/** A changed job with its JSON columns as text; `baseVersion` is the version of the row, undefined if there is none. */
export interface JobWrite {
  readonly job: Job;
  readonly sequence: number | undefined;
  readonly baseVersion: number | undefined;
  /** Null where the row keeps the one that it has. */
  readonly payload: string | null;
  readonly result: string | null;
  readonly error: string | null;
  readonly progress: string | null;
}

export function jobWriteOf({ before, after, sequence }: ChangedJob): JobWrite {
  return {
    job: after,
    sequence,
    baseVersion: before?.version,
    // An existing row keeps its payload, which is not read, unless an event brings another.
    payload: before !== undefined && after.payload === before.payload ? null : storableJson(after.payload),
    result: 'result' in after ? storableJson(after.result) : null,
    error: after.error === undefined ? null : storableJson(after.error),
    progress: after.progress === undefined ? null : storableJson(after.progress),
  };
}

/** Characters of JSON in the write, which make up nearly all of its size. */
export function sizeOf({ payload, result, error, progress }: JobWrite): number {
  return (payload?.length ?? 0) + (result?.length ?? 0) + (error?.length ?? 0) + (progress?.length ?? 0);
}

interface Column {
  readonly name: string;
  readonly type: string;
  readonly valueOf: (write: JobWrite) => string | number | null;
}

const id: Column = { name: 'id', type: 'uuid', valueOf: ({ job }) => job.id };

const payload: Column = { name: 'payload', type: 'jsonb', valueOf: (write) => write.payload };

/** Set at creation only, so that an update neither sends nor rewrites them. */
const fixedColumns: readonly Column[] = [
  { name: 'type', type: 'text', valueOf: ({ job }) => job.type },
  { name: 'max_attempts', type: 'int', valueOf: ({ job }) => job.maxAttempts },
  { name: 'backoff', type: 'jsonb', valueOf: ({ job }) => storableJson(job.backoff) },
  { name: 'timeout_ms', type: 'int', valueOf: ({ job }) => job.timeoutMs },
  { name: 'by_definition', type: 'jsonb', valueOf: ({ job }) => json(job.byDefinition) },
  { name: 'tags', type: 'text', valueOf: ({ job }) => arrayLiteral(job.tags.map(storableText)) },
  { name: 'created_at', type: 'timestamptz', valueOf: ({ job }) => storableInstant(job.createdAt) },
  { name: 'idempotency_key', type: 'text', valueOf: ({ job }) => text(job.idempotencyKey) },
  { name: 'fingerprint', type: 'text', valueOf: ({ job }) => text(job.fingerprint) },
  { name: 'tenant', type: 'text', valueOf: ({ job }) => text(job.tenant) },
  { name: 'rerun_of', type: 'uuid', valueOf: ({ job }) => job.rerunOf ?? null },
  { name: 'unique_rule', type: 'jsonb', valueOf: ({ job }) => json(job.unique) },
  { name: 'unique_key', type: 'text', valueOf: ({ job }) => text(job.uniqueKey) },
];

const changingColumns: readonly Column[] = [
  { name: 'status', type: 'text', valueOf: ({ job }) => job.status },
  { name: 'result', type: 'jsonb', valueOf: ({ result }) => result },
  { name: 'result_inexact', type: 'boolean', valueOf: ({ job }) => (job.resultInexact === true ? 'true' : null) },
  { name: 'error', type: 'jsonb', valueOf: ({ error }) => error },
  { name: 'failure', type: 'text', valueOf: ({ job }) => failureGroup(job) ?? null },
  { name: 'progress', type: 'jsonb', valueOf: ({ progress }) => progress },
  { name: 'attempt', type: 'int', valueOf: ({ job }) => job.attempt },
  { name: 'priority', type: 'text', valueOf: ({ job }) => job.priority ?? null },
  { name: 'run_at', type: 'timestamptz', valueOf: ({ job }) => instant(job.runAt) },
  { name: 'updated_at', type: 'timestamptz', valueOf: ({ job }) => storableInstant(job.updatedAt) },
  { name: 'started_at', type: 'timestamptz', valueOf: ({ job }) => instant(job.startedAt) },
  { name: 'finished_at', type: 'timestamptz', valueOf: ({ job }) => instant(job.finishedAt) },
  { name: 'ran_ms', type: 'float8', valueOf: ({ job }) => job.ranMs ?? null },
  { name: 'worker', type: 'text', valueOf: ({ job }) => text(job.worker) },
  { name: 'worker_version', type: 'text', valueOf: ({ job }) => text(job.workerVersion) },
  { name: 'started_by', type: 'text', valueOf: ({ job }) => text(job.startedBy) },
  { name: 'steps_recorded', type: 'int', valueOf: ({ job }) => job.stepsRecorded ?? null },
  { name: 'generation', type: 'int', valueOf: ({ job }) => job.generation ?? null },
  { name: 'unread', type: 'jsonb', valueOf: ({ job }) => json(job.unread) },
  { name: 'awaits', type: 'jsonb', valueOf: ({ job }) => json(job.awaits) },
  { name: 'unreadable_events', type: 'int', valueOf: ({ job }) => job.unreadableEvents ?? null },
  { name: 'version', type: 'int', valueOf: ({ job }) => job.version },
  { name: 'last_sequence', type: 'bigint', valueOf: ({ sequence }) => sequence ?? null },
];

/** Never emptied, and not known to a later update. */
const KEPT: ReadonlySet<string> = new Set(['payload', 'result', 'result_inexact', 'last_sequence']);

const baseVersion: Column = { name: 'base_version', type: 'int', valueOf: (write) => write.baseVersion ?? null };

const insertColumns = [id, payload, ...fixedColumns, ...changingColumns];
const updateColumns = [id, baseVersion, ...changingColumns];

const updateText = updateWith(changingColumns);
/** Payloads change so seldom that other updates need not carry their column. */
const updateTextWithPayload = updateWith([...changingColumns, payload]);

// A result is never removed, and one that was written earlier is not known here.
function updateWith(columns: readonly Column[]): string {
  return `UPDATE jobs SET ${columns.map(assignment).join(', ')}
    FROM ${unnest([id, baseVersion, ...columns])} WHERE jobs.id = new.id AND jobs.version = new.base_version`;
}

/**
 * Inserts new jobs; fails when a row exists. COPY takes three fifths of the time of an INSERT, which would have to parse
 * an array for each column, build rows from them and search for each row. Columns that are NULL in all rows are left out:
 * that is a third of them in most batches.
 */
export function insertJobRows(writes: readonly JobWrite[]): RowCopy {
  const columns = insertColumns.filter(({ valueOf }) => writes.some((write) => valueOf(write) !== null));
  const rows = writes.map((write) => columns.map(({ valueOf }) => copyField(valueOf(write))).join('\t'));
  return { text: `COPY jobs (${names(columns)}) FROM STDIN`, data: `${rows.join('\n')}\n` };
}

/** Updates existing jobs; a row with another version than expected is neither changed nor counted. */
export function updateJobRows(writes: readonly JobWrite[]): BulkStatement {
  const rows = writes.length;
  if (writes.every((write) => write.payload === null)) {
    return { name: 'update_jobs', text: updateText, values: valuesOf(updateColumns, writes), rows };
  }
  const values = valuesOf([...updateColumns, payload], writes);
  return { name: 'update_jobs_and_payloads', text: updateTextWithPayload, values, rows };
}

const QUOTED_TYPES: ReadonlySet<string> = new Set(['text', 'jsonb']);

function valuesOf(columns: readonly Column[], writes: readonly JobWrite[]): string[] {
  return columns.map(({ type, valueOf }) => {
    const values = writes.map(valueOf);
    // Most columns of most batches; `unnest` pads shorter arrays with NULL.
    if (values.every((value) => value === null)) return '{}';
    return QUOTED_TYPES.has(type) ? arrayLiteral(values) : plainArrayLiteral(values);
  });
}

function names(columns: readonly Column[]): string {
  return columns.map(({ name }) => name).join(', ');
}

function unnest(columns: readonly Column[]): string {
  const parameters = columns.map(({ type }, index) => `$${index + 1}::${type}[]`);
  return `unnest(${parameters.join(', ')}) AS new(${names(columns)})`;
}

function assignment({ name }: Column): string {
  return KEPT.has(name) ? `${name} = coalesce(new.${name}, jobs.${name})` : `${name} = new.${name}`;
}

function text(value: string | undefined): string | null {
  return value === undefined ? null : storableText(value);
}

function json(value: object | undefined): string | null {
  return value === undefined ? null : storableJson(value);
}

function instant(value: string | undefined): string | null {
  return value === undefined ? null : storableInstant(value);
}
