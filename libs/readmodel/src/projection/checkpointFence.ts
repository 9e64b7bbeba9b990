import type { ClientBase, Pool, QueryResult } from 'pg';

/** The name of the projection of jobs in `projection_checkpoints`. */
export const JOBS_PROJECTION = 'jobs';

/** How far a projection has read the log, and since when. */
export interface Checkpoint {
  readonly lastSequence: number;
  readonly updatedAt: string;
}

/** The position at which a writer continues; a new generation means that others have changed the rows. */
export interface ProjectionPosition {
  readonly sequence: number;
  readonly generation: number;
}

const READ = {
  name: 'read_checkpoint',
  text: `SELECT last_sequence AS "lastSequence", updated_at AS "updatedAt" FROM projection_checkpoints WHERE name = $1`,
};
const CREATE = 'INSERT INTO projection_checkpoints (name, last_sequence) VALUES ($1, 0) ON CONFLICT DO NOTHING';
const READ_POSITION = 'SELECT last_sequence AS sequence, generation FROM projection_checkpoints WHERE name = $1';
const MOVE = {
  name: 'move_checkpoint',
  text: `UPDATE projection_checkpoints SET last_sequence = $3, updated_at = now()
    WHERE name = $1 AND last_sequence = $2 AND generation = $4`,
};
const FENCE = 'UPDATE projection_checkpoints SET generation = generation + 1 WHERE name = $1';

/** Reads the checkpoint of the projection of jobs; undefined before its first start. */
export async function readCheckpoint(database: Pick<Pool, 'query'>): Promise<Checkpoint | undefined> {
  const { rows } = await database.query<Checkpoint>({ ...READ, values: [JOBS_PROJECTION] });
  return rows[0];
}

export async function createCheckpoint(client: ClientBase): Promise<void> {
  await client.query(CREATE, [JOBS_PROJECTION]);
}

export async function readPosition(client: ClientBase): Promise<ProjectionPosition> {
  const { rows } = await client.query<ProjectionPosition>(READ_POSITION, [JOBS_PROJECTION]);
  return rows[0] ?? { sequence: 0, generation: 0 };
}

/** Locks the checkpoint until the transaction ends, so that every writer of the tables waits; returns the position. */
export async function lockCheckpoint(client: ClientBase): Promise<number> {
  return (await lockPosition(client)).sequence;
}

/** As `lockCheckpoint`, with the generation. */
export async function lockPosition(client: ClientBase): Promise<ProjectionPosition> {
  const { rows } = await client.query<ProjectionPosition>(`${READ_POSITION} FOR UPDATE`, [JOBS_PROJECTION]);
  return rows[0] ?? { sequence: 0, generation: 0 };
}

/**
 * Moves the checkpoint from `from` to `through` if no other writer has moved or fenced it; else it changes no row, and
 * the caller must roll back. It is the first statement of a transaction, so that a second writer waits here.
 */
export function moveCheckpoint(
  client: ClientBase,
  { from, through, generation }: { readonly from: number; readonly through: number; readonly generation: number },
): Promise<QueryResult> {
  return client.query({ ...MOVE, values: [JOBS_PROJECTION, from, through, generation] });
}

/** Makes the projector, whose rows have changed, fail its next batch and read its rows again. Inside a transaction. */
export async function fenceProjector(client: ClientBase): Promise<void> {
  await client.query(FENCE, [JOBS_PROJECTION]);
}
