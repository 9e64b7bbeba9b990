import type { QueryResultRow } from 'pg';
import { decodeKeyset, encodeKeyset } from '../postgres/keysetCursor.ts';
import type { Page } from '../jobs/jobPage.ts';
import { PostgresService } from '../postgres/postgresService.ts';
import type { PoolOptions } from '../postgres/postgresService.ts';
import { originalText, storableText } from '../postgres/storableValues.ts';
import { acceptOperation } from './acceptOperation.ts';
import type { OperationLimits, OperationToAccept } from './acceptOperation.ts';
import { cancelUnbegun, removeOld } from './cleanOperations.ts';
import { compareFields } from './compareFields.ts';
import type { ComparedJobs, SetField } from './compareFields.ts';
import { contentColumns, operationColumns, operationOfRow, storedContents } from './operation.ts';
import type {
  ContentRow,
  JobOperation,
  JobOutcome,
  OperationJob,
  OperationRow,
  OperationStatus,
  ProcessedJob,
  StoredOperation,
} from './operation.ts';

/** A process that has not written for this time is presumed dead, and another goes on with its operation. */
const LEASE = '15 seconds';

const READ = `SELECT ${operationColumns} FROM operations WHERE id = $1 AND ($2::text IS NULL OR tenant = $2)`;

const READ_STORED = `SELECT ${contentColumns}, ${operationColumns} FROM operations
  WHERE id = $1 AND ($2::text IS NULL OR tenant = $2)`;

const LIST = `SELECT ${operationColumns} FROM operations
  WHERE ($1::text IS NULL OR tenant = $1) AND ($2::text IS NULL OR status = $2)
    AND ($3::timestamptz IS NULL OR (created_at, id) < ($3, $4::uuid))
  ORDER BY created_at DESC, id DESC LIMIT $5`;

const LIST_JOBS = `SELECT position, job_id AS "id", outcome, reason, new_job_id AS "newJobId" FROM operation_jobs
  WHERE operation_id = $1 AND ($2::text IS NULL OR outcome = $2) AND position > $3 ORDER BY position LIMIT $4`;

const REASONS = `SELECT outcome, reason, count(*)::int AS "count" FROM operation_jobs
  WHERE operation_id = $1 AND outcome <> 'done' AND reason IS NOT NULL
  GROUP BY outcome, reason ORDER BY count(*) DESC, outcome, reason LIMIT $2`;

const CHANGE_STATUS = `UPDATE operations SET status = $3, updated_at = now(), hindrance = NULL,
    finished_at = CASE WHEN $3 = 'cancelled' THEN now() END,
    patch = CASE WHEN $3 <> 'cancelled' THEN patch END, change = CASE WHEN $3 <> 'cancelled' THEN change END
  WHERE id = $1 AND ($2::text IS NULL OR tenant = $2) AND status = ANY($4)`;

const CLAIM = `UPDATE operations SET fence = fence + 1, leased_until = now() + interval '${LEASE}'
  WHERE id = (SELECT id FROM operations WHERE status = 'running' AND (leased_until IS NULL OR leased_until < now())
    ORDER BY created_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
  RETURNING fence, ${contentColumns}, ${operationColumns}`;

const NEXT_JOBS = `SELECT position, job_id AS "id", job_type AS "type", job_version AS "version" FROM operation_jobs
  WHERE operation_id = $1 AND position > $2 ORDER BY position LIMIT $3`;

/** The outcomes, the counts and the lease in one statement, so in one transaction. */
const RECORD = `WITH claimed AS (
    UPDATE operations SET done = done + $3, skipped = skipped + $4, failed = failed + $5, hindrance = $6,
      status = CASE WHEN status <> 'cancelled' AND done + skipped + failed + $3 + $4 + $5 >= total THEN 'completed' ELSE status END,
      finished_at = CASE WHEN done + skipped + failed + $3 + $4 + $5 >= total THEN coalesce(finished_at, now()) ELSE finished_at END,
      patch = CASE WHEN done + skipped + failed + $3 + $4 + $5 < total THEN patch END,
      change = CASE WHEN done + skipped + failed + $3 + $4 + $5 < total THEN change END,
      updated_at = now(), leased_until = now() + interval '${LEASE}'
    WHERE id = $1 AND fence = $2 RETURNING id, status
  ), written AS (
    UPDATE operation_jobs AS job SET outcome = one.outcome, reason = one.reason, new_job_id = one.new_job_id
    FROM claimed, unnest($7::int[], $8::text[], $9::text[], $10::uuid[]) AS one(position, outcome, reason, new_job_id)
    WHERE job.operation_id = claimed.id AND job.position = one.position
  )
  SELECT status FROM claimed`;

const RELEASE = `UPDATE operations SET leased_until = NULL WHERE id = $1 AND fence = $2`;

const KEYS_OF_ENDED = `SELECT key_id AS "keyId" FROM operations WHERE key_id IS NOT NULL AND finished_at IS NOT NULL LIMIT 20`;

const FORGET_KEY = `UPDATE operations SET key_id = NULL, fingerprint = NULL WHERE key_id = $1`;

/** An operation that this process carries out until it releases it, or another process claims it. */
export interface ClaimedOperation extends StoredOperation {
  readonly fence: number;
}

/** The jobs of an operation, as a page; the cursor is the position of the last one. */
export interface OperationJobsQuery {
  readonly outcome?: JobOutcome | undefined;
  readonly after?: number | undefined;
  readonly limit: number;
}

/** A listed job; without an outcome it has not been processed. */
export interface ListedOperationJob extends Omit<ProcessedJob, 'outcome'> {
  readonly id: string;
  readonly outcome?: JobOutcome | undefined;
}

/** How many jobs were not changed for the same reason. */
export interface OutcomeReason {
  readonly outcome: Exclude<JobOutcome, 'done'>;
  readonly reason: string;
  readonly count: number;
}

export interface OperationsQuery {
  readonly tenant?: string | undefined;
  readonly status?: OperationStatus | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

const MAX_OPERATIONS: OperationLimits = { jobs: 100_000, operations: 20, ofOneCaller: 15 };

/**
 * Operations on many jobs, in Postgres: what was asked for, the jobs, and how far it is. Every method rejects with
 * ReadModelUnavailableError or SchemaMismatchError.
 */
export class Operations extends PostgresService {
  readonly name = 'operations';
  readonly limits: OperationLimits;

  constructor({ limits = {}, ...options }: PoolOptions & { readonly limits?: Partial<OperationLimits> }) {
    super({ maxConnections: 4, ...options });
    this.limits = { ...MAX_OPERATIONS, ...limits };
  }

  /**
   * Stores an operation with the jobs that match now.
   *
   * @returns undefined if there is an operation with this id.
   * @throws TooManyJobsError, TooManyOperationsError, QueryTooExpensiveError, and what `contents` throws.
   */
  accept(accepted: OperationToAccept): Promise<JobOperation | undefined> {
    return this.use(async (pool) => {
      const client = await pool.connect();
      let failure: Error | undefined;
      try {
        return await acceptOperation(client, accepted, this.limits);
      } catch (error) {
        failure = error instanceof Error ? error : new Error(String(error));
        throw error;
      } finally {
        client.release(failure); // a connection that timed out may still be busy
      }
    });
  }

  /** An operation, of the tenant if one is given. */
  async read(id: string, tenant?: string): Promise<JobOperation | undefined> {
    const [row] = await this.#ask<OperationRow>(READ, [id, tenant ?? null]);
    return row && operationOfRow(row);
  }

  /** As `read`, with what the operation puts into payloads. */
  async readStored(id: string, tenant?: string): Promise<StoredOperation | undefined> {
    const [found] = await this.#ask<OperationRow & ContentRow>(READ_STORED, [id, tenant ?? null]);
    if (found === undefined) return undefined;
    const { patch, change, ...row } = found;
    return { ...operationOfRow(row), ...storedContents({ patch, change }) };
  }

  /** Compares what the jobs of an operation have in these fields with what it would set. @throws QueryTooExpensiveError. */
  compareFields(id: string, fields: readonly SetField[]): Promise<ComparedJobs> {
    return this.use((pool) => compareFields(pool, id, fields));
  }

  /** Lists operations, newest first. @throws InvalidCursorError. */
  async list({ tenant, status, limit, cursor }: OperationsQuery): Promise<Page<JobOperation>> {
    const { at, id } = cursor === undefined ? { at: null, id: null } : decodeKeyset(cursor);
    const rows = await this.#ask<OperationRow>(LIST, [tenant ?? null, status ?? null, at, id, limit + 1]);
    const items = rows.slice(0, limit).map(operationOfRow);
    const last = items.at(-1);
    const more = rows.length > limit && last !== undefined;
    return { items, nextCursor: more ? encodeKeyset({ at: last.createdAt, id: last.id }) : null };
  }

  /** Lists the jobs of an operation in the order in which they are processed. */
  async listJobs(id: string, { outcome, after = 0, limit }: OperationJobsQuery): Promise<Page<ListedOperationJob>> {
    const rows = await this.#ask<JobRow>(LIST_JOBS, [id, outcome ?? null, after, limit + 1]);
    const items = rows.slice(0, limit);
    const last = items.at(-1);
    return { items: items.map(jobOfRow), nextCursor: rows.length > limit ? String(last?.position) : null };
  }

  /** Why jobs were skipped or failed: the reasons of most jobs, with their numbers. */
  async countReasons(id: string, limit: number): Promise<readonly OutcomeReason[]> {
    const rows = await this.#ask<OutcomeReason & QueryResultRow>(REASONS, [id, limit]);
    return rows.map(({ outcome, reason, count }) => ({ outcome, reason: originalText(reason), count }));
  }

  /** Pauses, resumes or cancels an operation that has one of the statuses `from`; has no effect on others. */
  async changeStatus(
    { id, tenant }: { readonly id: string; readonly tenant?: string | undefined },
    to: OperationStatus,
    from: readonly OperationStatus[],
  ): Promise<void> {
    await this.#ask(CHANGE_STATUS, [id, tenant ?? null, to, from]);
  }

  /** Claims the oldest running operation that no living process carries out. */
  async claim(): Promise<ClaimedOperation | undefined> {
    const [found] = await this.#ask<OperationRow & ContentRow & { fence: number }>(CLAIM, []);
    if (found === undefined) return undefined;
    const { patch, change, fence, ...row } = found;
    return { ...operationOfRow(row), fence, ...storedContents({ patch, change }) };
  }

  /** The jobs after a position. */
  nextJobs(id: string, after: number, limit: number): Promise<readonly OperationJob[]> {
    return this.#ask<OperationJob & QueryResultRow>(NEXT_JOBS, [id, after, limit]);
  }

  /**
   * Records what became of the next jobs, and that this process is alive.
   *
   * @returns the status of the operation, or undefined if another process has claimed it: then nothing was recorded.
   */
  async record(
    { id, fence }: ClaimedOperation,
    jobs: readonly ProcessedJob[],
    hindrance?: string,
  ): Promise<OperationStatus | undefined> {
    const count = (outcome: JobOutcome) => jobs.filter((job) => job.outcome === outcome).length;
    const [row] = await this.#ask<{ status: OperationStatus }>(RECORD, [
      id,
      fence,
      count('done'),
      count('skipped'),
      count('failed'),
      hindrance ?? null,
      jobs.map(({ position }) => position),
      jobs.map(({ outcome }) => outcome),
      jobs.map(({ reason }) => (reason === undefined ? null : storableText(reason))),
      jobs.map(({ newJobId }) => newJobId ?? null),
    ]);
    return row?.status;
  }

  /** Lets other processes claim the operation at once. */
  async release({ id, fence }: ClaimedOperation): Promise<void> {
    await this.#ask(RELEASE, [id, fence]);
  }

  /** The keys of some of the operations that have ended. They are to be destroyed, and then forgotten. */
  async listKeysOfEnded(): Promise<readonly string[]> {
    const rows = await this.#ask<{ keyId: string }>(KEYS_OF_ENDED, []);
    return rows.map(({ keyId }) => keyId);
  }

  /** Notes that a key was destroyed. */
  async forgetKey(keyId: string): Promise<void> {
    await this.#ask(FORGET_KEY, [keyId]);
  }

  /** Cancels the operations that are paused and were not begun since they were accepted, longer ago. */
  async cancelUnbegun(olderThanMs: number): Promise<void> {
    await this.use((pool) => cancelUnbegun(pool, olderThanMs));
  }

  /** Removes a part of the operations that ended longer ago, and of their jobs; returns the number of both, 0 if none is left. */
  async removeOld(olderThanMs: number): Promise<number> {
    return this.use((pool) => removeOld(pool, olderThanMs));
  }

  #ask<Row extends QueryResultRow>(text: string, values: readonly unknown[]): Promise<Row[]> {
    return this.use(async (pool) => (await pool.query<Row>(text, [...values])).rows);
  }
}

interface JobRow {
  readonly position: number;
  readonly id: string;
  readonly outcome: JobOutcome | null;
  readonly reason: string | null;
  readonly newJobId: string | null;
}

function jobOfRow({ position, id, outcome, reason, newJobId }: JobRow): ListedOperationJob {
  return {
    position,
    id,
    outcome: outcome ?? undefined,
    reason: reason === null ? undefined : originalText(reason),
    newJobId: newJobId ?? undefined,
  };
}
