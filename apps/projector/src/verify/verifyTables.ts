import type { EventLog } from '@jobstream/eventlog';
import { clearPast, TableVerification } from '@jobstream/readmodel';
import type { AdvanceTo, Difference, UnreadableJobs } from '@jobstream/readmodel';
import { fillTables } from '../backfill/fillTables.ts';
import { LogCursor } from '../backfill/logCursor.ts';
import type { OnProgress } from '../tasks/progressMeter.ts';
import { IgnoredMessages, type IgnoredFound } from './ignoredMessages.ts';
import { retryWhileBusy } from '../backfill/fillTables.ts';
import { awaitTable } from './awaitTable.ts';
import { verifyPast } from './verifyPast.ts';

export interface VerifyTablesOptions {
  readonly eventLog: Pick<EventLog, 'follow' | 'lastSequence' | 'readNext'>;
  readonly databaseUrl: string;
  /** Makes rows that differ match the log. */
  readonly repair: boolean;
  readonly stop: AbortSignal;
  readonly onProgress: OnProgress;
  /** Called for each difference as soon as it is found. */
  readonly onDifference: (difference: Difference) => void;
  /** How long to wait for a table that lags behind and does not advance, in milliseconds; default 5 s. */
  readonly patienceMs?: number;
}

export interface Verification {
  /** The position in the log at which both were compared. */
  readonly position: number;
  /** The last sequence of the log, after the comparison. */
  readonly end: number;
  /** Whether the table has not even reached what the log had before the comparison: no projector brings it there. */
  readonly lags: boolean;
  readonly jobs: number;
  /** The number of differences; each field of a job counts. */
  readonly differences: number;
  /** Jobs whose rows match the log only as far as this release can read it. */
  readonly unreadable: UnreadableJobs;
  /** Messages on subjects of jobs that change nothing, which is no difference. */
  readonly ignored: IgnoredFound;
  /** How many of the differences are in the tables of past states, or why these were not compared. */
  readonly past: number | 'not kept' | 'incomplete log';
  /** Jobs whose rows were replaced. */
  readonly repairedJobs: number;
}

const PATIENCE_MS = 5_000;

interface Run extends VerifyTablesOptions {
  readonly check: TableVerification;
  readonly messages: IgnoredMessages;
  readonly advanceTo: AdvanceTo;
}

/**
 * Folds the log into tables of its own, compares the live ones with them at one position, and repairs those if wanted.
 * A table that lags behind the log gets some time to catch up. The projector waits only for moments. Memory is bounded: everything that can be large is in Postgres.
 *
 * @throws RebuildRefusedError, TablesBusyError, CheckpointAheadError; what the log and the read model throw.
 */
export async function verifyTables(options: VerifyTablesOptions): Promise<Verification> {
  const { eventLog, databaseUrl, stop, patienceMs = PATIENCE_MS } = options;
  const check = await TableVerification.open(databaseUrl);
  const messages = new IgnoredMessages();
  const cursor = new LogCursor({ eventLog, tables: messages.watch(check.tables), onTurn: () => Promise.resolve() });
  const advanceTo: AdvanceTo = (position, giveUp) => cursor.advanceTo(position, AbortSignal.any([stop, giveUp]));
  try {
    const run = { ...options, check, messages, advanceTo };
    const lags = !(await awaitTable({ ...options, tables: check.tables, patienceMs }));
    await fillTables({ ...run, cursor, tables: check.tables });
    const found = await compare(run);
    const repairedJobs = options.repair && found.differences > 0 ? await repair(run) : 0;
    const past = await comparePast(options);
    const differences = found.differences + (typeof past === 'number' ? past : 0);
    return { ...found, differences, past, lags, end: await eventLog.lastSequence(), repairedJobs };
  } finally {
    await cursor.stop();
    await check.close();
  }
}

type Comparison = Omit<Verification, 'repairedJobs' | 'lags' | 'end' | 'past'>;

async function compare(run: Run): Promise<Comparison> {
  const { check, stop, advanceTo, onProgress, onDifference } = run;
  const snapshot = await retryWhileBusy(() => check.tables.snapshot(advanceTo), stop);
  const ignored = run.messages.found;
  try {
    const total = await snapshot.countJobs();
    let [jobs, count] = [0, 0];
    for await (const { rows, differences } of snapshot.compare(check.tables.schema, [])) {
      stop.throwIfAborted();
      for (const difference of differences) onDifference(difference);
      await check.markForRepair(differences);
      jobs += rows;
      count += differences.length;
      onProgress({ step: 'comparing', done: jobs, total: Math.max(jobs, total) });
    }
    const unreadable = await snapshot.unreadableJobs();
    return { position: snapshot.position, jobs, differences: count, unreadable, ignored };
  } finally {
    await snapshot.close();
  }
}

/** A repair empties the tables, which their follower builds anew. */
async function comparePast(options: VerifyTablesOptions): Promise<Verification['past']> {
  const found = await verifyPast(options);
  if (typeof found === 'string') return found;
  for (const difference of found) options.onDifference(difference);
  if (options.repair && found.length > 0) await clearPast(options.databaseUrl);
  return found.length;
}

/** Each transaction first brings the fold up to the live position, so that the rows it writes are current. */
async function repair({ check, stop, advanceTo, onProgress }: Run): Promise<number> {
  const total = await check.countMarked();
  for (let done = 0; done < total;) {
    onProgress({ step: 'repairing', done, total });
    done += await retryWhileBusy(() => check.repairSome(advanceTo), stop);
  }
  await retryWhileBusy(() => check.repairRest(advanceTo), stop);
  onProgress({ step: 'repairing', done: total, total });
  return total;
}
