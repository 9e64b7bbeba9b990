import type { ClientBase } from 'pg';

/** Rows in one transaction, for which the projector waits: some ten milliseconds. */
export const ROWS_AT_ONCE = 1_000;

/** Finds the oldest completed jobs; without it each look for them reads the whole table. */
export const RETIREMENT_INDEX = 'jobs_completed';

/** How many jobs left, and when the last of them was completed. */
export interface Retired {
  readonly jobs: number;
  readonly through: string | null;
}

/**
 * Takes the oldest completed jobs that were completed before this out of the table and out of the counts, up to
 * ROWS_AT_ONCE. Only completed jobs: nothing can happen to them any more, while one that failed may be sent back to work.
 */
export async function retireCompleted(client: ClientBase, schema: string, before: string): Promise<Retired> {
  const [jobs, counts] = ['jobs', 'job_counts'].map((table) => `${client.escapeIdentifier(schema)}.${table}`);
  const text = `WITH oldest AS (
      SELECT id FROM ${jobs} WHERE status = 'completed' AND finished_at < $1 ORDER BY finished_at LIMIT ${ROWS_AT_ONCE}),
    gone AS (DELETE FROM ${jobs} WHERE id IN (SELECT id FROM oldest) RETURNING coalesce(tenant, '') AS tenant, type, finished_at),
    numbers AS (SELECT tenant, type, count(*) AS number FROM gone GROUP BY 1, 2),
    counted AS (UPDATE ${counts} c SET count = c.count - n.number FROM numbers n
      WHERE c.tenant = n.tenant AND c.type = n.type AND c.status = 'completed')
    SELECT count(*)::int AS jobs, max(finished_at)::text AS through FROM gone`;
  const { rows } = await client.query<Retired>(text, [before]);
  return rows[0] ?? { jobs: 0, through: null };
}

/** Whether there are jobs that should have left. By order of the index, or Postgres would look through all that is left. */
export async function hasRetirable(client: ClientBase, schema: string, before: string): Promise<boolean> {
  const jobs = `${client.escapeIdentifier(schema)}.jobs`;
  const text = `SELECT FROM ${jobs} WHERE status = 'completed' AND finished_at < $1 ORDER BY finished_at LIMIT 1`;
  return (await client.query(text, [before])).rows.length > 0;
}
