import { setTimeout as pause } from 'node:timers/promises';
import { endOfLog } from '@jobstream/eventlog';
import type { EventLog } from '@jobstream/eventlog';
import type { SecondTables } from '@jobstream/readmodel';
import { CheckpointAheadError } from '../projection/projectLog.ts';
import type { OnProgress } from '../tasks/progressMeter.ts';

interface AwaitedTable {
  readonly eventLog: Pick<EventLog, 'lastSequence'>;
  readonly tables: Pick<SecondTables, 'livePosition'>;
  /** How long the table may stand still before it is given up. */
  readonly patienceMs: number;
  readonly stop: AbortSignal;
  readonly onProgress: OnProgress;
}

const POLL_MS = 50;

/**
 * Waits until the projector has brought the table to the end that the log has now; for as long as it takes while the table
 * advances, and for `patienceMs` while it does not.
 *
 * @returns whether the table has reached it.
 * @throws CheckpointAheadError when the table was written from another log.
 */
export async function awaitTable({ eventLog, tables, patienceMs, stop, onProgress }: AwaitedTable): Promise<boolean> {
  let reached = await tables.livePosition();
  const end = await endOfLog(eventLog, reached, { patienceMs, stop }); // after the table, which advances meanwhile
  if (reached > end) throw new CheckpointAheadError(reached, end);
  for (let since = performance.now(); reached < end;) {
    if (performance.now() - since > patienceMs) return false;
    onProgress({ step: 'waiting for the projector', done: reached, total: end });
    await pause(POLL_MS, undefined, { signal: stop });
    const position = await tables.livePosition();
    if (position > reached) since = performance.now();
    reached = position;
  }
  return true;
}
