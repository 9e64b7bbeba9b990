import type { ClientBase } from 'pg';
import { JOBS_PROJECTION } from '../projection/checkpointFence.ts';
import { NEXT_SCHEMA, PREVIOUS_SCHEMA } from '../secondTables/projectionTables.ts';

/** A rollback puts back the tables that were live before; both prepare them in the same schema. */
export type RebuildKind = 'rebuild' | 'rollback';

/** The rebuild or rollback that was begun and has not ended, whether a process works on it or not. */
export interface RebuildState {
  readonly kind: RebuildKind;
  readonly startedAt: string;
  readonly cancelled: boolean;
}

const READ_STATE = `SELECT kind, started_at AS "startedAt", cancelled FROM projection_rebuilds WHERE name = $1`;
const BEGIN_STATE = 'INSERT INTO projection_rebuilds (name, kind) VALUES ($1, $2)';
const CANCEL_STATE = 'UPDATE projection_rebuilds SET cancelled = true WHERE name = $1';
const END_STATE = 'DELETE FROM projection_rebuilds WHERE name = $1';

/** What is under way: its start as RFC 3339; undefined when nothing is. */
export async function readState(client: ClientBase): Promise<RebuildState | undefined> {
  const { rows } = await client.query<RebuildState>(READ_STATE, [JOBS_PROJECTION]);
  return rows[0];
}

export async function beginState(client: ClientBase, kind: RebuildKind): Promise<void> {
  await client.query(BEGIN_STATE, [JOBS_PROJECTION, kind]);
}

/** Asks whoever works on it to stop, now or when it is taken up again. */
export async function cancelState(client: ClientBase): Promise<void> {
  await client.query(CANCEL_STATE, [JOBS_PROJECTION]);
}

export async function endState(client: ClientBase): Promise<void> {
  await client.query(END_STATE, [JOBS_PROJECTION]);
}

/** Ends what is under way: the tables of a rebuild go, those of a rollback are the previous ones again. */
export async function discardNext(client: ClientBase): Promise<void> {
  const state = await readState(client);
  if (state?.kind === 'rollback') await client.query(`ALTER SCHEMA ${NEXT_SCHEMA} RENAME TO ${PREVIOUS_SCHEMA}`);
  else await client.query(`DROP SCHEMA IF EXISTS ${NEXT_SCHEMA} CASCADE`);
  await endState(client);
}
