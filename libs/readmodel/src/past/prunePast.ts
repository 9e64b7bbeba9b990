import type { ClientBase } from 'pg';
import { openDedicatedConnection } from '../postgres/dedicatedConnection.ts';
import { inTransaction } from '../postgres/inTransaction.ts';
import { translated } from '../postgres/translated.ts';
import { lockPastCheckpoint } from './pastCheckpoint.ts';
import { CHUNK } from './pastRows.ts';

/** The chunk of the oldest change that is kept, and of the first one that must be. */
const CHUNKS = `SELECT (SELECT sequence / ${CHUNK} FROM past_changes ORDER BY sequence LIMIT 1) AS oldest,
  coalesce((SELECT sequence / ${CHUNK} FROM past_changes WHERE at >= $1 ORDER BY at, sequence LIMIT 1),
    (SELECT sequence / ${CHUNK} FROM past_changes ORDER BY sequence DESC LIMIT 1)) AS kept`;

const MOVE_EARLIEST = `UPDATE past_checkpoint SET (earliest_sequence, earliest_at) =
  (SELECT sequence, at FROM past_changes WHERE sequence < $1 ORDER BY sequence DESC LIMIT 1)`;

/** A completed job leaves with the change that completed it, and is counted no more. */
const REMOVE = `WITH gone AS (DELETE FROM past_changes WHERE sequence < $1 RETURNING sequence, job_id, status),
    completed AS (DELETE FROM past_jobs USING gone
      WHERE past_jobs.job_id = gone.job_id AND past_jobs.status = 'completed' AND past_jobs.since = gone.sequence
      RETURNING coalesce(past_jobs.tenant, '') AS tenant, past_jobs.type),
    counts AS (DELETE FROM past_counts WHERE chunk >= 0 AND chunk < $1 / ${CHUNK} RETURNING tenant, type, status, delta),
    moved AS (SELECT tenant, type, status, delta FROM counts
      UNION ALL SELECT tenant, type, 'completed', -1 FROM completed)
  INSERT INTO past_counts (chunk, tenant, type, status, delta)
    SELECT -1, tenant, type, status, sum(delta) FROM moved GROUP BY tenant, type, status
    ON CONFLICT (chunk, tenant, type, status) DO UPDATE SET delta = past_counts.delta + excluded.delta`;

/**
 * Removes the changes from before this instant (RFC 3339), chunk by chunk, with the jobs that were completed by then. The
 * follower waits for one chunk at most.
 *
 * @throws ReadModelUnavailableError, SchemaMismatchError.
 */
export async function prunePast(databaseUrl: string, before: string, stop: AbortSignal): Promise<void> {
  const connection = await openDedicatedConnection(databaseUrl, { name: 'past-retention' });
  try {
    while (
      !stop.aborted &&
      (await translated(inTransaction(connection.client, () => pruneChunk(connection.client, before))))
    );
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
