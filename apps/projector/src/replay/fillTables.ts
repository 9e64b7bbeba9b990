import type { SecondTables } from '@jobstream/readmodel';
import type { LogCursor } from './logCursor.ts';
import type { OnProgress } from '../tasks/progressMeter.ts';
import { setTimeout as pause } from 'node:timers/promises';
import { TablesBusyError } from '@jobstream/readmodel';

const TRIES = 60;

const PAUSE_MS = 1_000;

export interface FillTablesOptions {
  readonly tables: SecondTables;
  readonly cursor: LogCursor;
  readonly stop: AbortSignal;
  readonly onProgress: OnProgress;
}

/** What is left when the live tables are held still: read in some ten milliseconds. */
const NEAR = 1_000;

/** Events between two looks at where the live tables are. */
const PART = 50_000;

/** Reads the log until the tables are near the live ones, which go on meanwhile and which they never overtake. */
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

/** Tries again while the tables cannot be had at one position, for at least a minute. */
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
