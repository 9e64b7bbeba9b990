import type { ClientBase } from 'pg';
import { openDedicatedConnection } from '../postgres/dedicatedConnection.ts';
import { inTransaction } from '../postgres/inTransaction.ts';
import { translated } from '../postgres/translated.ts';
import { firstChangeWhere } from './firstChangeWhere.ts';
import { lockPastCheckpoint, type PastCheckpoint } from './pastCheckpoint.ts';
import { CHUNK } from './pastRows.ts';

/** The chunk of the oldest change that is kept, and of the first one that must be. */
const CHUNKS = `SELECT (SELECT sequence / ${CHUNK} FROM past_changes ORDER BY sequence LIMIT 1) AS oldest,
  coalesce((SELECT min(sequence) / ${CHUNK} FROM past_changes WHERE sequence >= (${firstChangeWhere('at >= $1')})),
    (SELECT sequence / ${CHUNK} FROM past_changes ORDER BY sequence DESC LIMIT 1)) AS kept`;

/** Ended before what is kept, and without any event in the log: nobody can retry them, and nobody else knows them. */
const FORGET = `WITH gone AS (DELETE FROM past_jobs WHERE job_id IN (SELECT job_id FROM past_jobs
      WHERE status IN ('failed', 'cancelled') AND first_sequence < $2 AND since < least($1, $2) AND last_sequence < $2 LIMIT 1000)
    RETURNING coalesce(tenant, '') AS tenant, type, status)
  INSERT INTO past_counts (chunk, tenant, type, status, delta)
    SELECT -1, tenant, type, status, -count(*) FROM gone GROUP BY tenant, type, status
    ON CONFLICT (chunk, tenant, type, status) DO UPDATE SET delta = past_counts.delta + excluded.delta`;

/** Of tenants and types that have no jobs any more. */
const REMOVE_ZEROS = 'DELETE FROM past_counts WHERE chunk = -1 AND delta = 0';

const MOVE_EARLIEST = `UPDATE past_checkpoint SET (earliest_sequence, earliest_at) =
  (SELECT sequence, at FROM past_changes WHERE sequence < $1 ORDER BY sequence DESC LIMIT 1)`;

/** A completed job leaves with the change that completed it, and is counted no more. Migration 0043 left rows of such jobs behind. */
const REMOVE = `WITH gone AS (DELETE FROM past_changes WHERE sequence < $1 RETURNING sequence, job_id, tenant, type, status),
    left_behind AS (DELETE FROM past_jobs USING gone
      WHERE past_jobs.job_id = gone.job_id AND past_jobs.status = 'completed' AND past_jobs.since = gone.sequence),
    counts AS (DELETE FROM past_counts WHERE chunk >= 0 AND chunk < $1 / ${CHUNK} RETURNING tenant, type, status, delta),
    moved AS (SELECT tenant, type, status, delta FROM counts
      UNION ALL SELECT coalesce(tenant, ''), type, status, -1 FROM gone WHERE status = 'completed')
  INSERT INTO past_counts (chunk, tenant, type, status, delta)
    SELECT -1, tenant, type, status, sum(delta) FROM moved GROUP BY tenant, type, status
    ON CONFLICT (chunk, tenant, type, status) DO UPDATE SET delta = past_counts.delta + excluded.delta`;

/** What may go. */
export interface PastLimits {
  /** Changes from before this instant (RFC 3339). */
  readonly before: string;
  /** Jobs that have failed or were cancelled, whose events were all stored before this sequence; 0 for none. */
  readonly forgottenBefore: number;
}

/**
 * Removes old changes, chunk by chunk, with the jobs that were completed by then; and those that had failed or were cancelled by
 * then and are forgotten. The follower waits for one chunk, or a thousand jobs, at most.
 *
 * @throws ReadModelUnavailableError, SchemaMismatchError.
 */
export async function prunePast(databaseUrl: string, limits: PastLimits, stop: AbortSignal): Promise<void> {
  const connection = await openDedicatedConnection(databaseUrl, { name: 'past-retention' });
  const { client } = connection;
  const repeat = async (part: () => Promise<boolean>) => {
    while (!stop.aborted && (await translated(inTransaction(client, part))));
  };
  try {
    await repeat(() => pruneChunk(client, limits.before));
    await repeat(() => forgetJobs(client, limits.forgottenBefore));
    await translated(client.query(REMOVE_ZEROS));
  } finally {
    await connection.close();
  }
}

async function pruneChunk(client: ClientBase, before: string): Promise<boolean> {
  if ((await lockPastCheckpoint(client)) === undefined) return false;
  const { rows } = await client.query<{ oldest: number | null; kept: number | null }>(CHUNKS, [before]);
  const { oldest = null, kept = null } = rows[0] ?? {};
  if (oldest === null || kept === null || oldest >= kept) return false;
  const end = (oldest + 1) * CHUNK;
  await client.query(MOVE_EARLIEST, [end]);
  await client.query(REMOVE, [end]);
  return true;
}

/** What is not followed yet may have changed a job. */
async function forgetJobs(client: ClientBase, forgottenBefore: number): Promise<boolean> {
  const checkpoint = await lockPastCheckpoint(client);
  if (checkpoint === undefined || forgottenBefore === 0) return false;
  const kept = await firstKept(client, checkpoint);
  const { rowCount } = await client.query(FORGET, [kept, Math.min(forgottenBefore, checkpoint.lastSequence + 1)]);
  return rowCount !== 0;
}

/** The first sequence whose change was not removed for its age: whole chunks are. `schema`: that of the tables. */
export async function firstKept(
  client: ClientBase,
  { earliestSequence }: PastCheckpoint,
  schema?: string,
): Promise<number> {
  const end = (Math.floor(earliestSequence / CHUNK) + 1) * CHUNK;
  const table = schema === undefined ? 'past_changes' : `${schema}.past_changes`;
  const { rowCount } = await client.query(`SELECT FROM ${table} WHERE sequence < ${end} LIMIT 1`);
  return rowCount === 0 ? end : 0;
}
