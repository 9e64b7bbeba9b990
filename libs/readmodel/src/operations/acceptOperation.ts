import type { PoolClient } from 'pg';
import { TooManyJobsError, TooManyOperationsError } from '../errors.ts';
import { needsScan, sourceOf, whereClause } from '../jobs/jobFilter.ts';
import { unlessTooExpensive } from '../jobs/unlessTooExpensive.ts';
import { inTransaction } from '../postgres/inTransaction.ts';
import { storableJson, storableText } from '../postgres/storableValues.ts';
import { operationColumns, operationOfRow } from './operation.ts';
import type { JobOperation, JobSelection, NewOperation, OperationContents, OperationRow } from './operation.ts';

export interface OperationLimits {
  /** Jobs of one operation. */
  readonly jobs: number;
  /** Operations that have not ended, in all. */
  readonly operations: number;
  /** Of these, the ones of one tenant, or of one caller without a tenant. */
  readonly ofOneCaller: number;
}

// Selecting and storing 100,000 jobs takes about a second on a small machine, and several on a busy one.
const SELECT_TIMEOUT_MS = 30_000;

const COUNT_UNFINISHED = `SELECT count(*)::int AS all,
    count(*) FILTER (WHERE CASE WHEN $1::text IS NULL THEN tenant IS NULL AND actor = $2 ELSE tenant = $1 END)::int AS own
  FROM operations WHERE status IN ('running', 'paused')`;

const INSERT = `INSERT INTO operations (id, kind, status, tenant, actor, reason, filter, patch_paths, rate)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING`;

const COUNT_IN = `UPDATE operations SET total = $2, status = CASE WHEN $2 = 0 THEN 'completed' ELSE status END,
    finished_at = CASE WHEN $2 = 0 THEN now() END, fingerprint = $3, key_id = $4,
    patch = CASE WHEN $2 > 0 THEN $5::jsonb END, change = CASE WHEN $2 > 0 THEN $6::jsonb END
  WHERE id = $1 RETURNING ${operationColumns}`;

/** An operation that is to be accepted. */
export interface OperationToAccept {
  readonly operation: NewOperation;
  readonly selection: JobSelection;
  /** Called once it is known that the operation will be stored, before it is. */
  readonly contents: () => Promise<OperationContents>;
}

/**
 * Stores an operation and the jobs that match now, of one snapshot of the table.
 *
 * @returns undefined if there is an operation with this id.
 * @throws TooManyJobsError, TooManyOperationsError, QueryTooExpensiveError; then nothing was stored.
 */
export async function acceptOperation(
  client: PoolClient,
  { operation, selection, contents }: OperationToAccept,
  limits: OperationLimits,
): Promise<JobOperation | undefined> {
  return inTransaction(client, async () => {
    await client.query(`SET LOCAL statement_timeout = ${SELECT_TIMEOUT_MS}`);
    await assertFewUnfinished(client, operation, limits);
    const { rowCount } = await client.query(INSERT, rowOf(operation));
    if (rowCount === 0) return undefined;
    const total = await freezeJobs(client, operation.id, { ...selection, limit: selection.limit ?? limits.jobs + 1 });
    if (total > limits.jobs) throw new TooManyJobsError(limits.jobs);
    const { fingerprint, keyId, ...kept } = await contents();
    const patch = 'patch' in kept ? storableJson(kept.patch) : null;
    const change = 'change' in kept ? storableJson(kept.change) : null;
    const values = [operation.id, total, fingerprint, keyId, patch, change];
    const { rows } = await client.query<OperationRow>(COUNT_IN, values);
    const [row] = rows;
    if (row === undefined) throw new Error('an update of a new row returns it');
    return operationOfRow(row);
  });
}

async function assertFewUnfinished(
  client: PoolClient,
  { tenant, actor }: NewOperation,
  { operations, ofOneCaller }: OperationLimits,
): Promise<void> {
  const { rows } = await client.query<{ all: number; own: number }>(COUNT_UNFINISHED, [tenant, storableJson(actor)]);
  const { all = 0, own = 0 } = rows[0] ?? {};
  if (all >= operations) throw new TooManyOperationsError(`there are ${all} operations that have not ended`);
  if (own >= ofOneCaller) throw new TooManyOperationsError(`${own} of your operations have not ended`);
}

function rowOf({ id, kind, status, tenant, actor, reason, filter, patched, rate }: NewOperation): unknown[] {
  return [
    id,
    kind,
    status,
    tenant,
    storableJson(actor),
    reason === null ? null : storableText(reason),
    storableJson(filter),
    patched === undefined ? null : storableJson(patched),
    rate,
  ];
}

/** Stores the newest matching jobs, the oldest of them first, in one statement, and so of one moment. */
async function freezeJobs(
  client: PoolClient,
  operationId: string,
  { filter, statuses, limit }: JobSelection,
): Promise<number> {
  const values: unknown[] = [operationId];
  const bind = (value: unknown) => `$${values.push(value)}`;
  const { from, conditions, position } = sourceOf({ ...filter, status: statuses }, bind);
  const order = `ORDER BY ${position.createdAt} DESC, ${position.id} DESC`;
  const text = `INSERT INTO operation_jobs (operation_id, position, job_id, job_type, job_version)
    SELECT $1, row_number() OVER (ORDER BY created_at, id), id, type, version FROM
      (SELECT jobs.id, jobs.type, jobs.version, jobs.created_at FROM ${from} ${whereClause(conditions)}
        ${order} LIMIT ${bind(limit)}) AS matching`;
  // pg gives up on a statement of this pool earlier; its types do not have the option.
  const statement = { text, values, query_timeout: SELECT_TIMEOUT_MS + 500 };
  const freezing = client.query(statement);
  const { rowCount } = await (needsScan(filter) ? unlessTooExpensive(freezing) : freezing);
  return rowCount ?? 0;
}
