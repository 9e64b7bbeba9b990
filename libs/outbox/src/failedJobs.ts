import { type Client, DatabaseError, type QueryResult, type QueryResultRow } from 'pg';
import { OutboxRefusedError } from './errors.ts';
import { inTransaction } from './withClient.ts';

/** A row that has not become a job, without its payload. */
interface FailedJob {
  readonly id: string;
  readonly type: string;
  readonly tenant: string | null;
  readonly enqueuedAt: Date;
  readonly reason: string;
}

/** A row that cannot become a job. */
export interface RejectedJob extends FailedJob {
  readonly rejectedAt: Date;
}

/** A row that has failed for its own sake, and is tried again. */
export interface DeferredJob extends FailedJob {
  readonly attempts: number;
  readonly nextTryAt: Date;
}

const CHOSEN = '($1::uuid[] IS NULL OR id = ANY ($1))';
const COLUMNS = 'id, type, tenant, reason, enqueued_at AS "enqueuedAt"';
const LIST_REJECTED = `SELECT ${COLUMNS}, rejected_at AS "rejectedAt"
  FROM jobstream.outbox_rejected ORDER BY rejected_at DESC, id LIMIT $1`;
const LIST_DEFERRED = `SELECT ${COLUMNS}, attempts, next_try_at AS "nextTryAt"
  FROM jobstream.outbox_deferred ORDER BY attempts DESC, next_try_at, id LIMIT $1`;
const RETRY_REJECTED = `WITH chosen AS (DELETE FROM jobstream.outbox_rejected WHERE ${CHOSEN} RETURNING *)
  SELECT jobstream.put_back(id, enqueued_at, type, payload, options, encode(key_digest, 'hex'), tenant) FROM chosen`;
const RETRY_DEFERRED = `UPDATE jobstream.outbox_deferred SET next_try_at = now() WHERE ${CHOSEN}`;
const REJECT = `WITH chosen AS (DELETE FROM jobstream.outbox_deferred WHERE ${CHOSEN} RETURNING *)
  INSERT INTO jobstream.outbox_rejected (id, enqueued_at, type, payload, options, key_digest, tenant, reason)
  SELECT id, enqueued_at, type, payload, options, key_digest, tenant, reason FROM chosen`;
const DISCARD = `DELETE FROM jobstream.outbox_rejected WHERE ${CHOSEN}`;
const NOT_THERE = new Set(['42P01', '3F000']); // undefined table, invalid schema name

type Ids = readonly string[] | 'all';

/** Reads the newest rejected rows, at most `most`. The role of the URL must own the outbox, as for all of these. */
export function listRejected(url: string, most: number): Promise<readonly RejectedJob[]> {
  return inOutbox(url, async (client) => (await client.query<RejectedJob>(LIST_REJECTED, [most])).rows);
}

/** Reads the deferred rows that have failed most often, at most `most`. */
export function listDeferred(url: string, most: number): Promise<readonly DeferredJob[]> {
  return inOutbox(url, async (client) => (await client.query<DeferredJob>(LIST_DEFERRED, [most])).rows);
}

/**
 * Lets rejected rows wait again and deferred ones be tried at once, those with these ids or all, and returns how many. What is still
 * wrong comes back.
 */
export function retryJobs(url: string, ids: Ids): Promise<number> {
  return inOutbox(
    url,
    async (client) => (await change(client, RETRY_REJECTED, ids)) + (await change(client, RETRY_DEFERRED, ids)),
  );
}

/** Rejects deferred rows, those with these ids or all, with the reasons of their last attempts, and returns how many. */
export function rejectDeferred(url: string, ids: Ids): Promise<number> {
  return inOutbox(url, (client) => change(client, REJECT, ids));
}

/** Deletes rejected rows, those with these ids or all, and returns how many. */
export function discardRejected(url: string, ids: Ids): Promise<number> {
  return inOutbox(url, (client) => change(client, DISCARD, ids));
}

async function change(client: Client, text: string, ids: Ids): Promise<number> {
  const changed: QueryResult<QueryResultRow> = await client.query(text, [ids === 'all' ? null : ids]);
  return changed.rowCount ?? 0;
}

/** @throws OutboxRefusedError when the database has no outbox, or not yet that of this release. */
async function inOutbox<Result>(url: string, work: (client: Client) => Promise<Result>): Promise<Result> {
  try {
    return await inTransaction(url, work);
  } catch (error) {
    if (!(error instanceof DatabaseError) || !NOT_THERE.has(error.code ?? '')) throw error;
    const reason = error.message.includes('outbox_deferred')
      ? 'the outbox is of an earlier release: install it again'
      : 'no outbox is installed';
    throw new OutboxRefusedError(reason, { cause: error });
  }
}
