import { DatabaseError } from 'pg';

/**
 * How long to wait for a lock that shuts out readers: they queue behind us for as long, and must not run into their own
 * limit (2.5 s). It must be longer than the second after which Postgres calls off a vacuum that is in the way.
 */
export const LONGEST_LOCK_WAIT = '1500ms';

const LOCK_NOT_AVAILABLE = '55P03';

/** Whether the wait for a lock was given up. */
export function isLockTimeout(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === LOCK_NOT_AVAILABLE;
}
