import type { ClientBase } from 'pg';
import { fenceProjector } from '../rebuild/liveStep.ts';

export interface RepairedTables {
  /** The schema of the live tables. */
  readonly live: string;
  /** The schema of those that were made from the log. */
  readonly second: string;
  /** The table with the ids of the jobs to repair. */
  readonly noted: string;
}

/** Rows that the projector waits for: some hundred milliseconds. */
const ROWS_AT_ONCE = 2_000;

/**
 * Puts rows that were made from the log in the place of the live ones, for the first of the noted jobs, and forgets those.
 * Returns how many there were. Inside the transaction of a step.
 */
export async function repairJobs(client: ClientBase, { live, second, noted }: RepairedTables): Promise<number> {
  const table = `${client.escapeIdentifier(live)}.jobs`;
  const taken = await client.query<{ id: string }>(
    `DELETE FROM ${noted} WHERE id IN (SELECT id FROM ${noted} ORDER BY id LIMIT ${ROWS_AT_ONCE}) RETURNING id`,
  );
  const ids = taken.rows.map(({ id }) => id);
  await client.query(`DELETE FROM ${table} WHERE id = ANY($1::uuid[])`, [ids]);
  await client.query(`INSERT INTO ${table} SELECT * FROM ${second}.jobs WHERE id = ANY($1::uuid[])`, [ids]);
  await fenceProjector(client);
  return ids.length;
}
