import type { Pool } from 'pg';

/** How many jobs are in an outbox. */
export interface OutboxCounts {
  readonly waiting: number;
  readonly rejected: number;
  /** When the oldest waiting job was enqueued. */
  readonly oldest: Date | undefined;
  /** Bytes of the tables in which jobs wait. */
  readonly bytes: number;
}

interface Counted {
  readonly waiting: string;
  readonly rejected: string;
  readonly oldest: Date | null;
  readonly bytes: string;
}

/** Counts what waits and what was rejected. */
export async function countJobs(database: Pick<Pool, 'query'>): Promise<OutboxCounts> {
  const { rows } = await database.query<Counted>('SELECT * FROM jobstream.outbox_status()');
  const { waiting = 0, rejected = 0, oldest, bytes = 0 } = rows[0] ?? {};
  const counts = { waiting: Number(waiting), rejected: Number(rejected), bytes: Number(bytes) };
  return { ...counts, oldest: oldest ?? undefined };
}
