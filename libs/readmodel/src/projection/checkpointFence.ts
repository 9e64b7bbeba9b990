import type { Pool } from 'pg';

/** The name of the projection of jobs in `projection_checkpoints`. */
export const JOBS_PROJECTION = 'jobs';

/** How far a projection has read the log, and since when. */
export interface Checkpoint {
  readonly lastSequence: number;
  readonly updatedAt: string;
}

const READ_CHECKPOINT = {
  name: 'read_checkpoint',
  text: `SELECT last_sequence AS "lastSequence", updated_at AS "updatedAt" FROM projection_checkpoints WHERE name = $1`,
};

/** The checkpoint of the projection of jobs; undefined before its first start. */
export async function readCheckpoint(database: Pick<Pool, 'query'>): Promise<Checkpoint | undefined> {
  const { rows } = await database.query<Checkpoint>({ ...READ_CHECKPOINT, values: [JOBS_PROJECTION] });
  return rows[0];
}
