import { setImmediate as nextTurn } from 'node:timers/promises';
import { encodeJobEvent } from '@jobstream/domain';
import { DatabaseError } from 'pg';
import type { Client } from 'pg';
import { JobsOutOfStepError } from '../errors.ts';
import type { ProjectionPosition } from './checkpointFence.ts';
import { prepareBatch } from './prepareBatch.ts';
import type { PreparedBatch } from './prepareBatch.ts';
import type { BulkStatement } from '../postgres/bulkStatement.ts';
import { JobStateCache } from './jobStateCache.ts';
import { type FoldableEntry, isFoldable, type ProjectableEntry, type QuarantinedEntry } from './projectableEntry.ts';
import type { SearchPaths } from '../search/searchPaths.ts';
import { expiredCondition } from '../statistics/statisticsPeriod.ts';
import { sendFencedTransaction } from './sendFencedTransaction.ts';
import { translated } from '../postgres/translated.ts';

/** A message that was quarantined instead of projected, and why. */
export interface Quarantined {
  readonly sequence: number;
  readonly reason: string;
  /** The job that it marks, if it is an event of a newer release. */
  readonly jobId?: string;
}

/** What a batch has done beside changing jobs. */
export interface AppliedBatch {
  readonly quarantined: readonly Quarantined[];
  /** The sequences of the events that have changed nothing: copies, and what the state of their job does not allow. */
  readonly ignored: readonly number[];
}

const NOTHING: AppliedBatch = { quarantined: [], ignored: [] };

const PRUNE_STATISTICS = {
  name: 'prune_statistics',
  text: `DELETE FROM job_statistics WHERE ${expiredCondition()}`,
  values: [],
  rows: undefined,
};
const PRUNE_INTERVAL_MS = 3_600_000;

/** Data exceptions, violated constraints and exceeded limits: Postgres will never accept this batch. */
const REFUSED = /^(22|23|54)/;

/**
 * Writes batch after batch, each in one transaction. The next batch may be applied while one is being written: it is
 * folded meanwhile, onto the expected outcome of the first, and sent behind the COMMIT of the first. Once a batch was
 * rejected, all later ones are.
 */
export class BatchWriter {
  readonly #client: Client;
  readonly #generation: number;
  readonly #searchPaths: SearchPaths;
  readonly #cache = new JobStateCache();
  /** Of the last batch that is committed. */
  #lastSequence: number;
  /** Of the last batch whose COMMIT was sent. */
  #sentThrough: number;
  /** Of the last batch that was passed to `apply`. */
  #accepted: number;
  /** Incremented when cached states prove wrong: batches folded in an earlier round are folded again. */
  #round = 0;
  /** When a batch that deleted expired statistics was last committed. */
  #prunedAt = Number.NEGATIVE_INFINITY;
  #folded: Promise<unknown> = Promise.resolve();
  #sent: Promise<unknown> = Promise.resolve();

  constructor(client: Client, { sequence, generation }: ProjectionPosition, searchPaths: SearchPaths = new Map()) {
    this.#searchPaths = searchPaths;
    this.#client = client;
    this.#generation = generation;
    this.#lastSequence = sequence;
    this.#sentThrough = sequence;
    this.#accepted = sequence;
  }

  get lastSequence(): number {
    return this.#lastSequence;
  }

  async apply(entries: readonly ProjectableEntry[]): Promise<AppliedBatch> {
    const fresh = entries.filter(({ sequence }) => sequence > this.#accepted);
    const round = this.#round;
    this.#accepted = fresh.at(-1)?.sequence ?? this.#accepted;
    const folding = this.#folded.then(() => this.#foldAhead(fresh, round));
    this.#folded = folding.catch(() => {}); // reported when it is sent
    const sent = this.#sent.then(() => this.#send(fresh, { round, folding }));
    this.#sent = sent;
    const { committed } = await sent;
    return committed;
  }

  /** In the next turn of the event loop, so that folding does not delay sending the batch before. */
  async #foldAhead(entries: readonly ProjectableEntry[], round: number): Promise<PreparedBatch> {
    await nextTurn();
    return this.#fold(entries, { round, createdIsNew: true });
  }

  async #fold(entries: readonly ProjectableEntry[], { round, createdIsNew }: FoldOptions): Promise<PreparedBatch> {
    const assumptions = { cache: this.#cache, createdIsNew, searchPaths: this.#searchPaths };
    const prepared = await prepareBatch(this.#client, entries.filter(isFoldable), assumptions);
    // A batch of an earlier round is not written as prepared here.
    if (round === this.#round) this.#cache.remember(prepared.writes);
    return prepared;
  }

  async #send(entries: readonly ProjectableEntry[], ahead: FoldAhead): Promise<SentBatch> {
    if (entries.length === 0) return { committed: Promise.resolve(NOTHING) };
    if (ahead.round !== this.#round) return this.#refoldAndSend(entries);
    try {
      return await this.#transact(entries, await translated(ahead.folding));
    } catch (error) {
      if (!(error instanceof JobsOutOfStepError) && !isRefused(error)) throw error;
      this.#invalidate();
      return this.#refoldAndSend(entries);
    }
  }

  /** Folds the batch again from its rows and sends it; later batches wait for that. */
  async #refoldAndSend(entries: readonly ProjectableEntry[]): Promise<SentBatch> {
    try {
      return await this.#transact(
        entries,
        await translated(this.#fold(entries, { round: this.#round, createdIsNew: false })),
      );
    } catch (error) {
      if (!isRefused(error)) throw error;
      this.#invalidate();
      return { committed: Promise.resolve(await this.#isolate(entries, error)) };
    }
  }

  /** Splits a batch that Postgres refuses in halves until the faulty message is alone, and quarantines that one. */
  async #isolate(entries: readonly ProjectableEntry[], error: Error): Promise<AppliedBatch> {
    const [first] = entries;
    if (entries.length === 1 && first !== undefined) {
      if (!isFoldable(first)) throw error;
      return this.#refoldAndWrite([malformed(first, error)]);
    }
    const middle = Math.ceil(entries.length / 2);
    const older = await this.#refoldAndWrite(entries.slice(0, middle));
    const newer = await this.#refoldAndWrite(entries.slice(middle));
    return {
      quarantined: [...older.quarantined, ...newer.quarantined],
      ignored: [...older.ignored, ...newer.ignored],
    };
  }

  async #refoldAndWrite(entries: readonly ProjectableEntry[]): Promise<AppliedBatch> {
    const { committed } = await this.#refoldAndSend(entries);
    return committed;
  }

  async #transact(entries: readonly ProjectableEntry[], prepared: PreparedBatch): Promise<SentBatch> {
    const { copies } = prepared;
    const pruning = this.#pruning();
    const statements = [...pruning, ...prepared.statements];
    const [from, generation] = [this.#sentThrough, this.#generation];
    const through = entries.at(-1)?.sequence ?? from;
    const batch = { from, through, generation, quarantined: entries.filter(isQuarantined), copies, statements };
    const { committed } = await translated(sendFencedTransaction(this.#client, batch));
    this.#sentThrough = through;
    const settled = async () => {
      await translated(committed);
      this.#lastSequence = through;
      if (pruning.length > 0) this.#prunedAt = performance.now();
      this.#cache.committed(prepared.writes);
      return { quarantined: quarantinedOf(entries), ignored: prepared.ignored };
    };
    return { committed: settled() };
  }

  /** One batch an hour also deletes the expired statistics. */
  #pruning(): readonly BulkStatement[] {
    return performance.now() - this.#prunedAt < PRUNE_INTERVAL_MS ? [] : [PRUNE_STATISTICS];
  }

  #invalidate(): void {
    this.#round += 1;
    this.#cache.clear();
    this.#folded = this.#sent.catch(() => {});
  }
}

interface FoldOptions {
  readonly round: number;
  /** Whether a JobCreated is taken to be the first event of its job. */
  readonly createdIsNew: boolean;
}

interface FoldAhead {
  readonly round: number;
  readonly folding: Promise<PreparedBatch>;
}

/** A batch whose COMMIT was sent. */
interface SentBatch {
  readonly committed: Promise<AppliedBatch>;
}

function isQuarantined(entry: ProjectableEntry): entry is QuarantinedEntry {
  return entry.kind === 'malformed' || entry.kind === 'unreadable';
}

function isRefused(error: unknown): error is Error {
  return error instanceof DatabaseError && REFUSED.test(error.code ?? '');
}

function quarantinedOf(entries: readonly ProjectableEntry[]): readonly Quarantined[] {
  return entries.filter(isQuarantined).map((entry) => {
    const { sequence, reason } = entry;
    return entry.kind === 'unreadable' ? { sequence, reason, jobId: entry.event.jobId } : { sequence, reason };
  });
}

function malformed(entry: FoldableEntry, error: Error): QuarantinedEntry {
  const { sequence, recordedAt } = entry;
  const common = { kind: 'malformed', sequence, recordedAt, reason: error.message } as const;
  if (entry.kind === 'unreadable') return { ...common, subject: entry.subject, body: entry.body };
  const { event } = entry;
  const subject = `jobs.${event.jobType}.${event.jobId}`;
  return { ...common, subject, body: Buffer.from(encodeJobEvent(event)) };
}
