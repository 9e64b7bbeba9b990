import type { ClientBase } from 'pg';
import { DatabaseError } from 'pg';

/**
 * How long to wait for a lock that shuts out readers: they queue behind us for as long, and must not run into their own
 * limit (2.5 s). It must be longer than the second after which Postgres calls off a vacuum that is in the way.
 */
export const LONGEST_LOCK_WAIT = '1500ms';

const LOCK_NOT_AVAILABLE = '55P03';

/** Commits what the work has done, or rolls all of it back when it rejects. */
export async function inTransaction<Result>(client: ClientBase, work: () => Promise<Result>): Promise<Result> {
  await client.query('BEGIN');
  try {
    const result = await work();
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {}); // fails with the connection, which rolls back as well
    throw error;
  }
}

/** Whether the wait for a lock was given up. */
export function isLockTimeout(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === LOCK_NOT_AVAILABLE;
}
