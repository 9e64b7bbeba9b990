import type { SecondTables } from '@jobstream/readmodel';
import type { LogCursor } from './logCursor.ts';
import type { OnProgress } from './progress.ts';

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
    await cursor.to(Math.min(total, tables.lastSequence + PART), stop);
    report(total);
    total = await tables.livePosition();
  }
}
