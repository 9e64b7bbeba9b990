import type { ClientBase } from 'pg';
import { LONGEST_LOCK_WAIT } from '../postgres/inTransaction.ts';
import { CHECKPOINTS, NEXT_SCHEMA, PREVIOUS_SCHEMA, PROJECTION_TABLES } from '../secondTables/projectionTables.ts';
import { translated } from '../postgres/translated.ts';
import { openAdminConnection, ADVISORY_LOCKS } from '../postgres/adminConnection.ts';
import { RebuildRefusedError } from '../errors.ts';

/**
 * Replaces the live tables by the next ones, and keeps them as the previous ones instead of those kept before. Call it
 * inside a transaction that holds both at the same position. Postgres plans prepared statements again.
 */
export async function swapTables(client: ClientBase, live: string): Promise<void> {
  await client.query(`SET LOCAL lock_timeout = '${LONGEST_LOCK_WAIT}'`);
  await client.query(`DROP SCHEMA IF EXISTS ${PREVIOUS_SCHEMA} CASCADE`);
  await client.query(`CREATE SCHEMA ${PREVIOUS_SCHEMA}`);
  await lockAll(client, NEXT_SCHEMA);
  await lockAll(client, client.escapeIdentifier(live));
  await move(client, PROJECTION_TABLES, { from: client.escapeIdentifier(live), to: PREVIOUS_SCHEMA });
  await move(client, PROJECTION_TABLES, { from: NEXT_SCHEMA, to: client.escapeIdentifier(live) });
  // Both are at this position, so it also fits the tables that are kept.
  await move(client, [CHECKPOINTS], { from: NEXT_SCHEMA, to: PREVIOUS_SCHEMA });
  await client.query(`DROP SCHEMA ${NEXT_SCHEMA}`);
}

async function lockAll(client: ClientBase, schema: string): Promise<void> {
  const tables = PROJECTION_TABLES.map((table) => `${schema}.${table}`);
  await client.query(`LOCK TABLE ${tables.join(', ')} IN ACCESS EXCLUSIVE MODE`);
}

async function move(
  client: ClientBase,
  tables: readonly string[],
  { from, to }: { from: string; to: string },
): Promise<void> {
  for (const table of tables) await client.query(`ALTER TABLE ${from}.${table} SET SCHEMA ${to}`);
}

/** Drops the previous tables; returns false without any. @throws RebuildRefusedError while a rebuild runs. */
export async function dropPrevious(databaseUrl: string): Promise<boolean> {
  const control = await openAdminConnection(databaseUrl);
  try {
    if (!(await control.tryLock(ADVISORY_LOCKS.rebuild)))
      throw new RebuildRefusedError('a rebuild is running: wait for its end');
    const { client } = control;
    const { rowCount } = await translated(
      client.query('SELECT FROM pg_namespace WHERE nspname = $1', [PREVIOUS_SCHEMA]),
    );
    if (rowCount === 0) return false;
    await translated(client.query(`DROP SCHEMA ${PREVIOUS_SCHEMA} CASCADE`));
    return true;
  } finally {
    await control.close();
  }
}
