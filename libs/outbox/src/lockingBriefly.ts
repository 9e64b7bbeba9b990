import { type Client, DatabaseError } from 'pg';
import { OutboxRefusedError } from './errors.ts';

const LOCK_NOT_AVAILABLE = '55P03';
/**
 * A transaction that holds one of the locks may wait for another one. So this ends before Postgres looks for deadlocks, after a
 * second, and might end the other transaction.
 */
const LOCK_TIMEOUT = "SET LOCAL lock_timeout = '500ms'";

/**
 * Runs statements that lock tables of an outbox against everybody. Enqueuers wait behind a lock that is waited for, so it is given up
 * after half a second.
 *
 * @throws OutboxRefusedError then.
 */
export async function lockingBriefly(client: Client, statements: string): Promise<void> {
  try {
    await client.query(`${LOCK_TIMEOUT}; ${statements}`);
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.code !== LOCK_NOT_AVAILABLE) throw error;
    throw new OutboxRefusedError(
      'a transaction is open that has enqueued, relays, or dumps the tables: try again when it has ended',
    );
  }
}
