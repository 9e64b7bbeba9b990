import { setTimeout as pause } from 'node:timers/promises';
import type { SecondTables } from '@jobstream/readmodel';
import { CheckpointAheadError } from '../projection/projectLog.ts';
import type { OnProgress } from '../tasks/progressMeter.ts';

interface AwaitedTable {
  readonly tables: Pick<SecondTables, 'livePosition'>;
  /** The last sequence of the log. */
  readonly end: number;
  /** How long the table may stand still before it is given up. */
  readonly patienceMs: number;
  readonly stop: AbortSignal;
  readonly onProgress: OnProgress;
}

const POLL_MS = 50;

/**
 * Waits until the projector has brought the table to the `end` of the log; for as long as it takes while the table
 * advances, and for `patienceMs` while it does not.
 *
 * @returns whether the table has reached it.
 * @throws CheckpointAheadError when the table was written from another log.
 */
export async function awaitTable({ tables, end, patienceMs, stop, onProgress }: AwaitedTable): Promise<boolean> {
  let reached = await tables.livePosition();
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
