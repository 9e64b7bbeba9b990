import type { ClientBase } from 'pg';
import { openAdminConnection } from '../postgres/adminConnection.ts';
import type { AdminConnection } from '../postgres/adminConnection.ts';
import { inTransaction } from '../postgres/inTransaction.ts';
import { translated } from '../postgres/translated.ts';
import { JOBS_PROJECTION, lockCheckpoint } from '../projection/checkpointFence.ts';

/** Rows in one transaction, for which the projector waits: some ten milliseconds. */
export const ROWS_AT_ONCE = 1_000;

/** Finds the oldest completed jobs, which would need a scan of the whole table without it. */
export const RETIREMENT_INDEX = 'jobs_completed';

const NOTE = `UPDATE projection_checkpoints SET retired_before = greatest(retired_before, $2::timestamptz) WHERE name = $1`;
const BOUNDARY = 'SELECT retired_before::text AS before FROM projection_checkpoints WHERE name = $1';

/**
 * Removes the jobs that were completed before this instant (RFC 3339) from the live tables, batch by batch, until none is
 * left or `stop` is aborted. The projector waits for one batch at most.
 *
 * @returns the number of removed jobs.
 * @throws ReadModelUnavailableError, SchemaMismatchError.
 */
export async function retireJobs(databaseUrl: string, before: string, stop: AbortSignal): Promise<number> {
  const control = await openAdminConnection(databaseUrl);
  try {
    return await retireAll(control, before, stop);
  } finally {
    await control.close();
  }
}

/** As `retireJobs`, on an existing connection. */
export async function retireAll(control: AdminConnection, before: string, stop?: AbortSignal): Promise<number> {
  for (let retired = 0; ;) {
    const jobs = await translated(retireBatch(control, before));
    retired += jobs;
    if (jobs < ROWS_AT_ONCE || stop?.aborted === true) return retired;
  }
}

/** The instant before which all completed jobs were removed from the live tables; undefined if none ever was. */
export async function retiredBefore({ client }: Pick<AdminConnection, 'client'>): Promise<string | undefined> {
  const { rows } = await client.query<{ before: string | null }>(BOUNDARY, [JOBS_PROJECTION]);
  return rows[0]?.before ?? undefined;
}

/** Locks the checkpoint first, as all writers of the tables do. The boundary never gets ahead of the removed jobs. */
function retireBatch({ client, live }: AdminConnection, before: string): Promise<number> {
  return inTransaction(client, async () => {
    await lockCheckpoint(client);
    const { jobs, through } = await retireCompleted(client, live, before);
    await client.query(NOTE, [JOBS_PROJECTION, jobs === ROWS_AT_ONCE ? through : before]);
    return jobs;
  });
}

/** How many jobs were removed, and when the last of them was completed. */
interface Retired {
  readonly jobs: number;
  readonly through: string | null;
}

/**
 * Removes the oldest jobs that were completed before this instant from the table and the counts, up to ROWS_AT_ONCE. Only
 * completed jobs, since failed and cancelled ones can be retried.
 */
export async function retireCompleted(client: ClientBase, schema: string, before: string): Promise<Retired> {
  const [jobs, search, steps, counts] = ['jobs', 'job_search', 'job_steps', 'job_counts'].map(
    (table) => `${client.escapeIdentifier(schema)}.${table}`,
  );
  const text = `WITH oldest AS (
      SELECT id FROM ${jobs} WHERE status = 'completed' AND finished_at < $1 ORDER BY finished_at LIMIT ${ROWS_AT_ONCE}),
    gone AS (DELETE FROM ${jobs} WHERE id IN (SELECT id FROM oldest) RETURNING id, coalesce(tenant, '') AS tenant, type, finished_at),
    unsearched AS (DELETE FROM ${search} WHERE job_id IN (SELECT id FROM gone)),
    stepless AS (DELETE FROM ${steps} WHERE job_id IN (SELECT id FROM gone)),
    numbers AS (SELECT tenant, type, count(*) AS number FROM gone GROUP BY 1, 2),
    counted AS (UPDATE ${counts} c SET count = c.count - n.number FROM numbers n
      WHERE c.tenant = n.tenant AND c.type = n.type AND c.status = 'completed')
    SELECT count(*)::int AS jobs, max(finished_at)::text AS through FROM gone`;
  const { rows } = await client.query<Retired>(text, [before]);
  return rows[0] ?? { jobs: 0, through: null };
}

/** Whether there are jobs to remove. Ordered as the index, or Postgres would scan the table. */
export async function hasRetirable(client: ClientBase, schema: string, before: string): Promise<boolean> {
  const jobs = `${client.escapeIdentifier(schema)}.jobs`;
  const text = `SELECT FROM ${jobs} WHERE status = 'completed' AND finished_at < $1 ORDER BY finished_at LIMIT 1`;
  return (await client.query(text, [before])).rows.length > 0;
}
