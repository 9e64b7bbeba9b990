import type { Pool } from 'pg';

/** All jobs of an operation take longer than a statement may. */
const REMOVED_AT_ONCE = 5_000;

const REMOVE_OLD_JOBS = `DELETE FROM operation_jobs WHERE ctid = ANY (ARRAY(
  SELECT part.place FROM operations CROSS JOIN LATERAL (
    SELECT ctid AS place FROM operation_jobs WHERE operation_id = operations.id ORDER BY position LIMIT ${REMOVED_AT_ONCE}
  ) AS part WHERE finished_at < now() - make_interval(secs => $1) LIMIT ${REMOVED_AT_ONCE}))`;

/** Those that were accepted paused, and that nobody resumed: they keep others from being accepted. */
const CANCEL_UNBEGUN = `UPDATE operations SET status = 'cancelled', finished_at = now(), updated_at = now(), patch = NULL, change = NULL
  WHERE status = 'paused' AND fence = 0 AND created_at < now() - make_interval(secs => $1)`;

const REMOVE_OLD = `DELETE FROM operations WHERE id IN (
  SELECT id FROM operations WHERE finished_at < now() - make_interval(secs => $1)
    AND NOT EXISTS (SELECT FROM operation_jobs WHERE operation_id = operations.id) LIMIT ${REMOVED_AT_ONCE})`;

/** Cancels the operations that are paused and were not begun since they were accepted, longer ago. */
export async function cancelUnbegun(pool: Pool, olderThanMs: number): Promise<void> {
  await pool.query(CANCEL_UNBEGUN, [olderThanMs / 1_000]);
}

/** Removes a part of the operations that ended longer ago, and of their jobs; returns the number of both. */
export async function removeOld(pool: Pool, olderThanMs: number): Promise<number> {
  let removed = 0;
  for (const part of [REMOVE_OLD_JOBS, REMOVE_OLD]) {
    removed += (await pool.query(part, [olderThanMs / 1_000])).rowCount ?? 0;
  }
  return removed;
}
