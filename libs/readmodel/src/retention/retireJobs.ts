import { JOBS_PROJECTION } from '../checkpoint.ts';
import { connectControl } from '../rebuild/controlConnection.ts';
import type { ControlConnection } from '../rebuild/controlConnection.ts';
import { inTransaction } from '../rebuild/inTransaction.ts';
import { translated } from '../translateError.ts';
import { retireCompleted, ROWS_AT_ONCE } from './retireCompleted.ts';

const HOLD = 'SELECT FROM projection_checkpoints WHERE name = $1 FOR UPDATE';
const NOTE = `UPDATE projection_checkpoints SET retired_before = greatest(retired_before, $2::timestamptz) WHERE name = $1`;
const BOUNDARY = 'SELECT retired_before::text AS before FROM projection_checkpoints WHERE name = $1';

/**
 * Takes completed jobs that were completed before this instant (RFC 3339) out of the live tables, batch by batch, until
 * all have left or it is told to stop; returns how many. The projector waits for one batch at most.
 * ReadModelUnavailableError, SchemaMismatchError.
 */
export async function retireJobs(databaseUrl: string, before: string, stop: AbortSignal): Promise<number> {
  const control = await connectControl(databaseUrl);
  try {
    return await retireAll(control, before, stop);
  } finally {
    await control.close();
  }
}

/** As `retireJobs`, on a connection that there is. */
export async function retireAll(control: ControlConnection, before: string, stop?: AbortSignal): Promise<number> {
  for (let retired = 0; ;) {
    const jobs = await translated(retireBatch(control, before));
    retired += jobs;
    if (jobs < ROWS_AT_ONCE || stop?.aborted === true) return retired;
  }
}

/** The instant before which all completed jobs have left the live tables; undefined if none ever has. */
export async function retiredBefore({ client }: Pick<ControlConnection, 'client'>): Promise<string | undefined> {
  const { rows } = await client.query<{ before: string | null }>(BOUNDARY, [JOBS_PROJECTION]);
  return rows[0]?.before ?? undefined;
}

/** First the checkpoint, as whoever writes the tables does. The boundary never runs ahead of what has left. */
function retireBatch({ client, live }: ControlConnection, before: string): Promise<number> {
  return inTransaction(client, async () => {
    await client.query(HOLD, [JOBS_PROJECTION]);
    const { jobs, through } = await retireCompleted(client, live, before);
    await client.query(NOTE, [JOBS_PROJECTION, jobs === ROWS_AT_ONCE ? through : before]);
    return jobs;
  });
}
