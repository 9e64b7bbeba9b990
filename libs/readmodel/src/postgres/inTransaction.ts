import type { ClientBase } from 'pg';
import { DatabaseError } from 'pg';

/**
 * The longest wait for a lock that excludes readers: they queue behind it meanwhile, and must not reach their own limit
 * of 2.5 s. It must exceed the second after which Postgres cancels a vacuum that blocks it.
 */
export const LONGEST_LOCK_WAIT = '1500ms';

const LOCK_NOT_AVAILABLE = '55P03';

/** Runs `work` in a transaction, and rolls back when it rejects. */
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

/** Whether the error is a lock timeout. */
export function isLockTimeout(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === LOCK_NOT_AVAILABLE;
}
