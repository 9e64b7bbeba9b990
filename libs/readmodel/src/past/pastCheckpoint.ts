import type { ClientBase, Pool, QueryResult } from 'pg';

/** How far the follower of past states has read the log, and how far back its tables reach. */
export interface PastCheckpoint {
  readonly lastSequence: number;
  /** When the server stored that event (RFC 3339). */
  readonly lastAt: string;
  /** The first event that is known; or, once older changes were removed, the last of those. */
  readonly earliestSequence: number;
  readonly earliestAt: string;
}

const READ = {
  name: 'read_past_checkpoint',
  text: `SELECT last_sequence AS "lastSequence", last_at AS "lastAt",
    earliest_sequence AS "earliestSequence", earliest_at AS "earliestAt" FROM past_checkpoint`,
};
const CREATE = `INSERT INTO past_checkpoint (last_sequence, last_at, earliest_sequence, earliest_at) VALUES ($1, $2, $3, $4)
  ON CONFLICT DO NOTHING`;
const MOVE = {
  name: 'move_past_checkpoint',
  text: 'UPDATE past_checkpoint SET last_sequence = $2, last_at = $3 WHERE last_sequence = $1',
};

/** Reads the checkpoint; undefined until the follower has begun. */
export async function readPastCheckpoint(database: Pick<Pool, 'query'>): Promise<PastCheckpoint | undefined> {
  const { rows } = await database.query<PastCheckpoint>(READ);
  return rows[0];
}

/** Locks the checkpoint until the transaction ends, so that every writer of the tables waits. */
export async function lockPastCheckpoint(client: ClientBase): Promise<PastCheckpoint | undefined> {
  const { rows } = await client.query<PastCheckpoint>(`${READ.text} FOR UPDATE`);
  return rows[0];
}

export function createPastCheckpoint(client: ClientBase, at: PastCheckpoint): Promise<QueryResult> {
  return client.query(CREATE, [at.lastSequence, at.lastAt, at.earliestSequence, at.earliestAt]);
}

/** Moves the checkpoint; changes no row if another writer has moved it, and the caller must roll back then. */
export function movePastCheckpoint(
  client: ClientBase,
  from: number,
  { lastSequence, lastAt }: Pick<PastCheckpoint, 'lastSequence' | 'lastAt'>,
): Promise<QueryResult> {
  return client.query({ ...MOVE, values: [from, lastSequence, lastAt] });
}
