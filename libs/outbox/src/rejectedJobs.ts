import { type Client, DatabaseError, type QueryResult, type QueryResultRow } from 'pg';
import { OutboxRefusedError } from './errors.ts';
import { withClient } from './withClient.ts';

/** A row that could not become a job, without its payload. */
export interface RejectedJob {
  readonly id: string;
  readonly type: string;
  readonly tenant: string | null;
  readonly enqueuedAt: Date;
  readonly rejectedAt: Date;
  readonly reason: string;
}

const CHOSEN = '$1::uuid[] IS NULL OR id = ANY ($1)';
const LIST = `SELECT id, type, tenant, enqueued_at AS "enqueuedAt", rejected_at AS "rejectedAt", reason
  FROM jobstream.outbox_rejected ORDER BY rejected_at DESC, id LIMIT $1`;
const RETRY = `WITH chosen AS (DELETE FROM jobstream.outbox_rejected WHERE ${CHOSEN} RETURNING *)
  SELECT jobstream.put_back(id, enqueued_at, type, payload, options, encode(key_digest, 'hex'), tenant) FROM chosen`;
const DISCARD = `DELETE FROM jobstream.outbox_rejected WHERE ${CHOSEN}`;
const NOT_THERE = new Set(['42P01', '3F000']); // undefined table, invalid schema name

/** Reads the newest rejected rows, at most `most`. The role of the URL must own the outbox. */
export async function listRejected(url: string, most: number): Promise<readonly RejectedJob[]> {
  const { rows } = await withClient(url, (client) => run<RejectedJob>(client, LIST, [most]));
  return rows;
}

/** Lets rejected rows wait again, those with these ids or all, and returns how many. What is still wrong comes back. */
export function retryRejected(url: string, ids: readonly string[] | 'all'): Promise<number> {
  return withClient(url, (client) => change(client, RETRY, ids));
}

/** Deletes rejected rows, those with these ids or all, and returns how many. */
export function discardRejected(url: string, ids: readonly string[] | 'all'): Promise<number> {
  return withClient(url, (client) => change(client, DISCARD, ids));
}

async function change(client: Client, text: string, ids: readonly string[] | 'all'): Promise<number> {
  return (await run(client, text, [ids === 'all' ? null : ids])).rowCount ?? 0;
}

/** @throws OutboxRefusedError when the database has no outbox. */
async function run<Row extends QueryResultRow>(
  client: Client,
  text: string,
  values: unknown[],
): Promise<QueryResult<Row>> {
  try {
    return await client.query<Row>(text, values);
  } catch (error) {
    if (!(error instanceof DatabaseError) || !NOT_THERE.has(error.code ?? '')) throw error;
    throw new OutboxRefusedError('no outbox is installed', { cause: error });
  }
}
