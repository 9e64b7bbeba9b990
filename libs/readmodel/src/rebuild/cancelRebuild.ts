import { translated } from '../postgres/translated.ts';
import { openAdminConnection } from '../postgres/adminConnection.ts';
import type { AdminConnection } from '../postgres/adminConnection.ts';
import { discardNext } from './rebuildState.ts';
import { inTransaction } from '../postgres/inTransaction.ts';
import { RebuildRefusedError } from '../errors.ts';
import { cancelState, readState } from './rebuildState.ts';
import { ADVISORY_LOCKS } from '../postgres/adminConnection.ts';

/** A process checks for the cancellation twice a second, but a statement on a large table may take longer. */
const TRIES = 20;

/**
 * Cancels the rebuild or rollback in progress: its process stops, and the live tables do not change.
 *
 * @returns the kind of what was cancelled; undefined when there was nothing.
 * @throws RebuildRefusedError when the process does not stop.
 */
export async function cancelRebuild(databaseUrl: string): Promise<string | undefined> {
  const control = await openAdminConnection(databaseUrl);
  try {
    const state = await translated(readState(control.client));
    if (state === undefined) return undefined;
    await translated(cancelState(control.client));
    await waitForLock(control);
    return await translated(inTransaction(control.client, () => discardUnlessSwapped(control)));
  } finally {
    await control.close();
  }
}

async function waitForLock(control: AdminConnection): Promise<void> {
  for (let tries = 1; tries <= TRIES; tries++) if (await control.tryLock(ADVISORY_LOCKS.rebuild)) return;
  throw new RebuildRefusedError('it was cancelled, but its process has not stopped yet: check whether it still runs');
}

/** It may have ended at the last moment. */
async function discardUnlessSwapped({ client }: AdminConnection): Promise<string | undefined> {
  const state = await readState(client);
  if (state !== undefined) await discardNext(client);
  return state?.kind;
}
