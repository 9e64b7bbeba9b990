import { setTimeout as pause } from 'node:timers/promises';
import { TablesBusyError } from '@jobstream/readmodel';
import type { SecondTables } from '@jobstream/readmodel';
import type { OnProgress } from '../tasks/progressMeter.ts';
import type { LogCursor } from './logCursor.ts';

export interface FillTablesOptions {
  readonly tables: SecondTables;
  readonly cursor: LogCursor;
  readonly stop: AbortSignal;
  readonly onProgress: OnProgress;
}

/** Events that may be left when the live tables are held: read in some ten milliseconds. */
const NEAR = 1_000;

/** Events between two reads of the live position. */
const PART = 50_000;

/** Reads the log until the tables are near the position of the live ones, which advance meanwhile; never overtakes them. */
export async function fillTables({ tables, cursor, stop, onProgress }: FillTablesOptions): Promise<void> {
  const report = (total: number) => {
    onProgress({ step: 'reading the log', done: Math.min(tables.lastSequence, total), total });
  };
  for (let total = await tables.livePosition(), near = false; !near; near = total - tables.lastSequence <= NEAR) {
    report(total);
    await cursor.advanceTo(Math.min(total, tables.lastSequence + PART), stop);
    report(total);
    total = await tables.livePosition();
  }
}

const TRIES = 60;
const PAUSE_MS = 1_000;

/** Retries `work` each second while it throws TablesBusyError, for at least a minute. */
export async function retryWhileBusy<Result>(work: () => Promise<Result>, stop: AbortSignal): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof TablesBusyError) || tries === TRIES) throw error;
      await pause(PAUSE_MS, undefined, { signal: stop });
    }
  }
}
