import type { ClientBase } from 'pg';
import { TablesBusyError } from '../errors.ts';
import { inTransaction, isLockTimeout } from '../postgres/inTransaction.ts';
import { createCheckpoint, lockCheckpoint } from '../projection/checkpointFence.ts';

/** Brings the second tables to exactly `position`; rejects once `giveUp` is aborted. */
export type AdvanceTo = (position: number, giveUp: AbortSignal) => Promise<void>;

/** The projector waits for its lock meanwhile, so this must be well under its lock timeout of 15 s. */
const LONGEST_HOLD_MS = 5_000;

/**
 * Locks the checkpoint of the live tables, so that their writers wait, brings the second tables to the same position and
 * runs `work` inside that transaction.
 *
 * @throws TablesBusyError, with nothing changed, when this takes too long.
 */
export async function withTablesHeld<Result>(
  client: ClientBase,
  advanceTo: AdvanceTo,
  work: (position: number) => Promise<Result>,
): Promise<Result> {
  await createCheckpoint(client);
  return inTransaction(client, async () => {
    const position = await lockCheckpoint(client);
    await advanceWithin(advanceTo, position);
    return busyIfLocked(work(position));
  });
}

async function advanceWithin(advanceTo: AdvanceTo, position: number): Promise<void> {
  const giveUp = AbortSignal.timeout(LONGEST_HOLD_MS);
  try {
    await advanceTo(position, giveUp);
  } catch (error) {
    if (giveUp.aborted) throw new TablesBusyError(`reading the log up to ${position} took too long`, { cause: error });
    throw error;
  }
}

async function busyIfLocked<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    if (!isLockTimeout(error)) throw error;
    throw new TablesBusyError('another session uses them in a long transaction', { cause: error });
  }
}
