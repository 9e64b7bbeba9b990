import { JOBS_PROJECTION } from '../projection/checkpointFence.ts';
import { openAdminConnection } from '../postgres/adminConnection.ts';
import type { AdminConnection } from '../postgres/adminConnection.ts';
import { inTransaction } from '../postgres/inTransaction.ts';
import { translated } from '../postgres/translateError.ts';
import type { ClientBase } from 'pg';

/** Rows in one transaction, for which the projector waits: some ten milliseconds. */
export const ROWS_AT_ONCE = 1_000;

/** Finds the oldest completed jobs; without it each look for them reads the whole table. */
export const RETIREMENT_INDEX = 'jobs_completed';

const HOLD = 'SELECT FROM projection_checkpoints WHERE name = $1 FOR UPDATE';
const NOTE = `UPDATE projection_checkpoints SET retired_before = greatest(retired_before, $2::timestamptz) WHERE name = $1`;
const BOUNDARY = 'SELECT retired_before::text AS before FROM projection_checkpoints WHERE name = $1';

/**
 * Takes completed jobs that were completed before this instant (RFC 3339) out of the live tables, batch by batch, until
 * all have left or it is told to stop; returns how many. The projector waits for one batch at most.
 * ReadModelUnavailableError, SchemaMismatchError.
 */
export async function retireJobs(databaseUrl: string, before: string, stop: AbortSignal): Promise<number> {
  const control = await openAdminConnection(databaseUrl);
  try {
    return await retireAll(control, before, stop);
  } finally {
    await control.close();
  }
}

/** As `retireJobs`, on a connection that there is. */
export async function retireAll(control: AdminConnection, before: string, stop?: AbortSignal): Promise<number> {
  for (let retired = 0; ;) {
    const jobs = await translated(retireBatch(control, before));
    retired += jobs;
    if (jobs < ROWS_AT_ONCE || stop?.aborted === true) return retired;
  }
}

/** The instant before which all completed jobs have left the live tables; undefined if none ever has. */
export async function retiredBefore({ client }: Pick<AdminConnection, 'client'>): Promise<string | undefined> {
  const { rows } = await client.query<{ before: string | null }>(BOUNDARY, [JOBS_PROJECTION]);
  return rows[0]?.before ?? undefined;
}

/** First the checkpoint, as whoever writes the tables does. The boundary never runs ahead of what has left. */
function retireBatch({ client, live }: AdminConnection, before: string): Promise<number> {
  return inTransaction(client, async () => {
    await client.query(HOLD, [JOBS_PROJECTION]);
    const { jobs, through } = await retireCompleted(client, live, before);
    await client.query(NOTE, [JOBS_PROJECTION, jobs === ROWS_AT_ONCE ? through : before]);
    return jobs;
  });
}

/** How many jobs left, and when the last of them was completed. */
interface Retired {
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
