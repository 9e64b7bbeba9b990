import type { ClientBase } from 'pg';
import { JOBS_PROJECTION } from '../projection/checkpointFence.ts';
import { isLockTimeout } from '../postgres/inTransaction.ts';
import { inTransaction } from '../postgres/inTransaction.ts';
import { TablesBusyError } from '../errors.ts';

/** Brings the second tables to exactly this position; rejects once the signal is aborted. */
export type AdvanceTo = (position: number, giveUp: AbortSignal) => Promise<void>;

/** The projector waits as long for its turn, so it must be well under the 15 s after which it gives up. */
const LONGEST_HOLD_MS = 5_000;

const HOLD = 'SELECT last_sequence AS position FROM projection_checkpoints WHERE name = $1 FOR UPDATE';
const CREATE = 'INSERT INTO projection_checkpoints (name, last_sequence) VALUES ($1, 0) ON CONFLICT DO NOTHING';
const FENCE = 'UPDATE projection_checkpoints SET generation = generation + 1 WHERE name = $1';

/**
 * Holds the live tables still, brings the second ones to the same position and runs the work inside the transaction that
 * holds them. Whoever writes the live tables begins with a lock on its checkpoint, so it waits here and does not fail.
 * StepMissedError when this takes too long: nothing has happened then.
 */
export async function withTablesHeld<Result>(
  client: ClientBase,
  advanceTo: AdvanceTo,
  work: (position: number) => Promise<Result>,
): Promise<Result> {
  await client.query(CREATE, [JOBS_PROJECTION]);
  return inTransaction(client, async () => {
    const { rows } = await client.query<{ position: number }>(HOLD, [JOBS_PROJECTION]);
    const position = rows[0]?.position ?? 0;
    await advanceWithin(advanceTo, position);
    return missedIfLocked(work(position));
  });
}

/** Tells the projector, whose rows have changed under it, to read them afresh. Inside the transaction of a step. */
export async function fenceProjector(client: ClientBase): Promise<void> {
  await client.query(FENCE, [JOBS_PROJECTION]);
}

async function advanceWithin(advanceTo: AdvanceTo, position: number): Promise<void> {
  const giveUp = AbortSignal.timeout(LONGEST_HOLD_MS);
  try {
    await advanceTo(position, giveUp);
  } catch (error) {
    if (giveUp.aborted) throw new TablesBusyError(`the log up to ${position} took too long`, { cause: error });
    throw error;
  }
}

async function missedIfLocked<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    if (!isLockTimeout(error)) throw error;
    throw new TablesBusyError('another session uses them in a long transaction', { cause: error });
  }
}
