import type { ClientBase } from 'pg';
import { JOBS_PROJECTION } from '../projection/checkpointFence.ts';
import { NEXT_SCHEMA, PREVIOUS_SCHEMA } from '../secondTables/projectionTables.ts';

/** A rollback swaps back the tables that were live before; both prepare tables in the same schema. */
export type RebuildKind = 'rebuild' | 'rollback';

/** The rebuild or rollback that has begun and not ended, whether a process works on it or not. */
export interface RebuildState {
  readonly kind: RebuildKind;
  readonly startedAt: string;
  readonly cancelled: boolean;
}

const READ_STATE = `SELECT kind, started_at AS "startedAt", cancelled FROM projection_rebuilds WHERE name = $1`;
const BEGIN_STATE = 'INSERT INTO projection_rebuilds (name, kind) VALUES ($1, $2)';
const CANCEL_STATE = 'UPDATE projection_rebuilds SET cancelled = true WHERE name = $1';
const END_STATE = 'DELETE FROM projection_rebuilds WHERE name = $1';

/** The rebuild or rollback in progress, if any. */
export async function readState(client: ClientBase): Promise<RebuildState | undefined> {
  const { rows } = await client.query<RebuildState>(READ_STATE, [JOBS_PROJECTION]);
  return rows[0];
}

export async function beginState(client: ClientBase, kind: RebuildKind): Promise<void> {
  await client.query(BEGIN_STATE, [JOBS_PROJECTION, kind]);
}

/** Marks it as cancelled, for the process that works on it or that will resume it. */
export async function cancelState(client: ClientBase): Promise<void> {
  await client.query(CANCEL_STATE, [JOBS_PROJECTION]);
}

export async function endState(client: ClientBase): Promise<void> {
  await client.query(END_STATE, [JOBS_PROJECTION]);
}

/** Ends the rebuild or rollback: drops the tables of a rebuild; those of a rollback become the previous ones again. */
export async function discardNext(client: ClientBase): Promise<void> {
  const state = await readState(client);
  if (state?.kind === 'rollback') await client.query(`ALTER SCHEMA ${NEXT_SCHEMA} RENAME TO ${PREVIOUS_SCHEMA}`);
  else await client.query(`DROP SCHEMA IF EXISTS ${NEXT_SCHEMA} CASCADE`);
  await endState(client);
}
