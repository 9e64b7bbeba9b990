import type { ClientBase } from 'pg';
import { NEXT_SCHEMA, PREVIOUS_SCHEMA } from './projectionTables.ts';
import { endState, readState } from './rebuildState.ts';

/** Ends what is under way: the tables of a rebuild go, those of a rollback are the previous ones again. */
export async function discardNext(client: ClientBase): Promise<void> {
  const state = await readState(client);
  if (state?.kind === 'rollback') await client.query(`ALTER SCHEMA ${NEXT_SCHEMA} RENAME TO ${PREVIOUS_SCHEMA}`);
  else await client.query(`DROP SCHEMA IF EXISTS ${NEXT_SCHEMA} CASCADE`);
  await endState(client);
}
