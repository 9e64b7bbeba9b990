import type { ClientBase } from 'pg';
import type { AdminConnection } from '../postgres/adminConnection.ts';
import { createSecondTables } from '../secondTables/createSecondTables.ts';
import { dependentsOf } from '../secondTables/projectionTables.ts';
import { discardNext } from './rebuildState.ts';
import { haveSameShape } from '../secondTables/projectionTables.ts';
import { inTransaction } from '../postgres/inTransaction.ts';
import { NEXT_SCHEMA, PREVIOUS_SCHEMA } from '../secondTables/projectionTables.ts';
import { RebuildRefusedError } from '../errors.ts';
import { beginState, readState } from './rebuildState.ts';
import type { RebuildKind } from './rebuildState.ts';

/**
 * Prepares the schema of the next tables, unless an earlier process has done so for the same kind. The caller must hold
 * the lock.
 *
 * @returns whether it continues the work of an earlier process.
 * @throws RebuildRefusedError.
 */
export function prepareRebuild({ client, live }: AdminConnection, kind: RebuildKind): Promise<boolean> {
  return inTransaction(client, async () => {
    if (await canResume(client, live, kind)) return true;
    await assertReplaceable(client, live);
    if (kind === 'rollback') await takePrevious(client, live);
    else await createSecondTables(client, { live, schema: NEXT_SCHEMA });
    await beginState(client, kind);
    return false;
  });
}

/** Discards tables that were cancelled, or made before a migration. */
async function canResume(client: ClientBase, live: string, kind: RebuildKind): Promise<boolean> {
  const state = await readState(client);
  if (state === undefined) return false;
  if (!state.cancelled && state.kind !== kind) {
    throw new RebuildRefusedError(`a ${state.kind} is under way: resume it, or end it with --cancel`);
  }
  if (!state.cancelled && (await haveSameShape(client, live, NEXT_SCHEMA))) return true;
  await discardNext(client);
  return false;
}

async function assertReplaceable(client: ClientBase, live: string): Promise<void> {
  const dependents = await dependentsOf(client, live);
  if (dependents.length === 0) return;
  throw new RebuildRefusedError(`the tables cannot be replaced under what depends on them: ${dependents.join(', ')}`);
}

async function takePrevious(client: ClientBase, live: string): Promise<void> {
  const { rows } = await client.query('SELECT FROM pg_namespace WHERE nspname = $1', [PREVIOUS_SCHEMA]);
  if (rows.length === 0) throw new RebuildRefusedError('there are no earlier tables to roll back to');
  if (!(await haveSameShape(client, live, PREVIOUS_SCHEMA))) {
    throw new RebuildRefusedError('a migration has changed the tables since: the earlier ones cannot be used again');
  }
  await client.query(`ALTER SCHEMA ${PREVIOUS_SCHEMA} RENAME TO ${NEXT_SCHEMA}`);
}
