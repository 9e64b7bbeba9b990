import type { EventLog } from '@jobstream/eventlog';
import { TableRebuild } from '@jobstream/readmodel';
import type { Difference, RebuildKind, UnreadableJobs } from '@jobstream/readmodel';
import { fillTables } from '../backfill/fillTables.ts';
import { LogCursor } from '../backfill/logCursor.ts';
import type { OnProgress } from '../tasks/progressMeter.ts';
import { retryWhileBusy } from '../backfill/fillTables.ts';

export interface RebuildTablesOptions {
  readonly eventLog: Pick<EventLog, 'follow'>;
  readonly databaseUrl: string;
  readonly kind: RebuildKind;
  /** Swaps even tables that differ. */
  readonly force: boolean;
  /** Columns of `jobs` that may differ, e.g. because the projection has changed. */
  readonly except: readonly string[];
  readonly stop: AbortSignal;
  readonly onProgress: OnProgress;
}

/** `differences` are the first that were found; with any, the tables are only swapped by force. */
export interface RebuildOutcome {
  readonly swapped: boolean;
  readonly position: number;
  readonly jobs: number;
  readonly differences: readonly Difference[];
  /** Jobs whose rows match the log only as far as this release can read it. */
  readonly unreadable: UnreadableJobs;
}

const MAX_DIFFERENCES = 100;
const CANCEL_CHECK_MS = 500;

interface Run extends RebuildTablesOptions {
  readonly rebuild: TableRebuild;
  readonly cursor: LogCursor;
}

/**
 * Fills second tables from the log beside the live ones, compares both at one position and swaps them; for a rollback,
 * brings the previous tables up to date and swaps those. Called again after an interruption, it continues.
 *
 * @throws RebuildRefusedError, RebuildCancelledError, TablesBusyError; what the log and the read model throw.
 */
export async function rebuildTables(options: RebuildTablesOptions): Promise<RebuildOutcome> {
  const rebuild = await TableRebuild.open(options.databaseUrl, options.kind);
  const cursor = cursorOf(options, rebuild);
  try {
    return await runSteps({ ...options, rebuild, cursor });
  } finally {
    await cursor.stop();
    await rebuild.close();
  }
}

async function runSteps(run: Run): Promise<RebuildOutcome> {
  await fill(run);
  await complete(run);
  await fill(run);
  const compared = run.kind === 'rebuild' ? await compare(run) : undefined;
  if (compared !== undefined && compared.differences.length > 0 && !run.force) return compared;
  await fill(run);
  const found = await swap(run);
  const { jobs = 0, differences = [], unreadable = { total: 0, first: [] } } = compared ?? {};
  const position = run.rebuild.tables.lastSequence;
  return { swapped: found.length === 0, position, jobs, differences: [...differences, ...found], unreadable };
}

function fill({ rebuild, ...options }: Run): Promise<void> {
  return fillTables({ ...options, tables: rebuild.tables });
}

async function complete({ rebuild, stop, onProgress }: Run): Promise<void> {
  await rebuild.tables.complete(async ({ done, total, detail }) => {
    onProgress({ step: 'making indexes', done, total, detail });
    stop.throwIfAborted();
    await rebuild.throwIfCancelled();
  }, stop);
}

async function compare(run: Run): Promise<RebuildOutcome> {
  const { rebuild, cursor, stop, except, onProgress } = run;
  const { tables } = rebuild;
  const snapshot = await retryWhileBusy(() => tables.snapshot((...at) => advance(cursor, stop, at)), stop);
  try {
    const total = await snapshot.countJobs();
    const differences: Difference[] = [];
    let jobs = 0;
    for await (const range of snapshot.compare(tables.schema, except)) {
      differences.push(...range.differences);
      jobs += range.rows;
      onProgress({ step: 'comparing', done: jobs, total: Math.max(jobs, total) });
      stop.throwIfAborted();
      await rebuild.throwIfCancelled();
      if (differences.length >= MAX_DIFFERENCES) break;
    }
    const unreadable = await snapshot.unreadableJobs();
    const first = differences.slice(0, MAX_DIFFERENCES);
    return { swapped: false, position: snapshot.position, jobs, differences: first, unreadable };
  } finally {
    await snapshot.close();
  }
}

async function swap({ rebuild, cursor, stop, force, kind, onProgress }: Run): Promise<readonly Difference[]> {
  onProgress({ step: 'swapping', done: 0, total: 1 });
  const forced = force || kind === 'rollback';
  const attempt = () => rebuild.swap((...at) => advance(cursor, stop, at), { force: forced });
  const differences = await retryWhileBusy(attempt, stop);
  if (differences.length === 0) onProgress({ step: 'swapping', done: 1, total: 1 });
  return differences;
}

function advance(cursor: LogCursor, stop: AbortSignal, [position, giveUp]: [number, AbortSignal]): Promise<void> {
  stop.throwIfAborted();
  return cursor.advanceTo(position, AbortSignal.any([stop, giveUp]));
}

function cursorOf({ eventLog }: RebuildTablesOptions, rebuild: TableRebuild): LogCursor {
  let checkedAt = 0;
  const onTurn = async () => {
    if (performance.now() - checkedAt < CANCEL_CHECK_MS) return;
    checkedAt = performance.now();
    await rebuild.throwIfCancelled();
  };
  return new LogCursor({ eventLog, tables: rebuild.tables, onTurn });
}
