import { translated } from '../postgres/translateError.ts';
import { openAdminConnection } from '../postgres/adminConnection.ts';
import type { AdminConnection } from '../postgres/adminConnection.ts';
import { discardNext } from './rebuildState.ts';
import { inTransaction } from '../postgres/inTransaction.ts';
import { RebuildRefusedError } from '../errors.ts';
import { cancelState, readState } from './rebuildState.ts';
import { ADVISORY_LOCKS } from '../postgres/adminConnection.ts';

/** A process that works on it looks twice a second; a statement on a large table may keep it for longer. */
const TRIES = 20;

/**
 * Ends the rebuild or rollback that is under way: the process that works on it stops, and the tables in use stay as they
 * are. Returns what was ended, undefined when there was nothing. RebuildRefusedError when that process does not stop.
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
  throw new RebuildRefusedError('it is told to stop, but has not yet: see whether its process still runs');
}

/** It may have come to its end in the last moment. */
async function discardUnlessSwapped({ client }: AdminConnection): Promise<string | undefined> {
  const state = await readState(client);
  if (state !== undefined) await discardNext(client);
  return state?.kind;
}
