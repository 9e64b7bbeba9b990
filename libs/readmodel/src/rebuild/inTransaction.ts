import type { ClientBase } from 'pg';

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
