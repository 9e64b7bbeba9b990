import { DatabaseError } from 'pg';
import type { Client } from 'pg';
import { JobsOutOfStepError, ProjectionFencedError } from '../errors.ts';
import { copyRows } from '../postgres/bulkStatement.ts';
import type { BulkStatement } from '../postgres/bulkStatement.ts';
import { openDedicatedConnection } from '../postgres/dedicatedConnection.ts';
import type { DedicatedConnection } from '../postgres/dedicatedConnection.ts';
import { inTransaction } from '../postgres/inTransaction.ts';
import { translated } from '../postgres/translated.ts';
import { LockedProjection } from '../projection/lockedProjection.ts';
import { type FoldableEntry, isFoldable, type ProjectableEntry } from '../projection/projectableEntry.ts';
import { foldChanges } from './foldChanges.ts';
import type { FoldedChanges } from './foldChanges.ts';
import { createPastCheckpoint, movePastCheckpoint, readPastCheckpoint } from './pastCheckpoint.ts';
import type { PastCheckpoint } from './pastCheckpoint.ts';
import { PastJobStates } from './pastJobStates.ts';
import { copyChanges, copyPastJobs, countChanges, deletePastJobs, updatePastJobs } from './pastRows.ts';

const LOCK = 'jobstream past';
const NEWEST = 'SELECT sequence, job_id AS "jobId" FROM past_changes ORDER BY sequence DESC LIMIT 1';
/** A job was created twice. */
const UNIQUE_VIOLATION = '23505';
const CLEAR = 'TRUNCATE past_jobs, past_changes, past_counts, past_checkpoint';
/** The name of the connection that writes the live tables. */
const FOLLOWER = 'past';
/** A follower whose connection ends reads the checkpoint again. */
const END_FOLLOWERS = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE datname = current_database() AND application_name = 'jobstream-${FOLLOWER}' AND usename = current_user`;

/**
 * Empties the tables of past states; a follower builds them anew from the log.
 *
 * @throws ReadModelUnavailableError, SchemaMismatchError.
 */
export async function clearPast(databaseUrl: string): Promise<void> {
  const connection = await openDedicatedConnection(databaseUrl, { name: 'past-rebuild' });
  try {
    await translated(connection.client.query(CLEAR));
    await translated(connection.client.query(END_FOLLOWERS));
  } finally {
    await connection.close();
  }
}

/** A change in the tables, as it can be found in the log again. */
export interface WrittenChange {
  readonly sequence: number;
  readonly jobId: string;
}

/** The tables of past states as they are written from the log. */
export class PastProjection extends LockedProjection {
  readonly #states = new PastJobStates(this.client);
  #checkpoint: PastCheckpoint | undefined;
  #newest: WrittenChange | undefined;

  private constructor(connection: DedicatedConnection) {
    super(connection, LOCK);
  }

  /** `schema`: of a second set of tables; default the live ones. @throws ReadModelUnavailableError, SchemaMismatchError. */
  static async open(databaseUrl: string, schema?: string): Promise<PastProjection> {
    const name = schema === undefined ? FOLLOWER : 'past-verify';
    return new PastProjection(await openDedicatedConnection(databaseUrl, { name, schema }));
  }

  get lastSequence(): number {
    return this.#checkpoint?.lastSequence ?? 0;
  }

  /** The last change in the tables; undefined if there is none. */
  get newest(): WrittenChange | undefined {
    return this.#newest;
  }

  protected override async begin(): Promise<void> {
    this.#checkpoint = await readPastCheckpoint(this.client);
    this.#newest = (await this.client.query<WrittenChange>(NEWEST)).rows[0];
  }

  /** Empties the tables: their jobs have events that neither the log nor an archive has any more, or were written by other rules. */
  async clear(): Promise<void> {
    await translated(this.client.query(CLEAR));
    this.#states.clear();
    this.#checkpoint = undefined;
    this.#newest = undefined;
  }

  /**
   * Writes what the next messages of the log have changed, oldest first, and moves the checkpoint, in one transaction.
   * Messages at or before the checkpoint are skipped.
   *
   * @throws ReadModelUnavailableError, ProjectionFencedError; JobsOutOfStepError when a row is gone that was there before.
   */
  async apply(entries: readonly ProjectableEntry[]): Promise<void> {
    const fresh = entries.filter(({ sequence }) => sequence > this.lastSequence);
    const last = fresh.at(-1);
    if (last === undefined) return;
    try {
      await translated(this.#fold(fresh, last.sequence, true));
    } catch (error) {
      if (!(error instanceof DatabaseError) || error.code !== UNIQUE_VIOLATION) throw error;
      await translated(this.#fold(fresh, last.sequence, false));
    }
  }

  async #fold(entries: readonly ProjectableEntry[], lastSequence: number, createdIsNew: boolean): Promise<void> {
    const events = entries.filter(isFoldable);
    const known = await this.#states.before(events, createdIsNew);
    const folded = foldChanges(events, known, this.#checkpoint?.lastAt ?? '');
    const { changes, lastAt } = folded;
    if (lastAt === '') return; // nothing but schedules so far
    const next = { ...this.#begun(events, folded), lastSequence, lastAt };
    await inTransaction(this.client, () => this.#write(next, folded));
    this.#states.written(folded);
    this.#checkpoint = next;
    const newest = changes.at(-1);
    if (newest !== undefined) this.#newest = { sequence: newest.sequence, jobId: newest.job.id };
  }

  #begun(events: readonly FoldableEntry[], { lastAt }: FoldedChanges): PastCheckpoint {
    const sequence = events[0]?.sequence ?? 0;
    const at = { lastSequence: 0, lastAt, earliestSequence: sequence, earliestAt: events[0]?.recordedAt ?? lastAt };
    return this.#checkpoint ?? at;
  }

  async #write(next: PastCheckpoint, folded: FoldedChanges): Promise<void> {
    const { client } = this;
    const { newJobs, changedJobs, completedJobs, changes } = folded;
    await moveOrCreate(client, this.#checkpoint, next);
    await Promise.all([
      ...[...copyPastJobs(newJobs), ...copyChanges(changes)].map((copy) => copyRows(client, copy)),
      ...[...updatePastJobs(changedJobs), ...deletePastJobs(completedJobs), ...countChanges(changes)].map((statement) =>
        send(client, statement),
      ),
    ]);
  }
}

async function send(client: Client, { name, text, values, rows }: BulkStatement): Promise<void> {
  const { rowCount } = await client.query({ name, text, values });
  if (rows !== undefined && rowCount !== rows) throw new JobsOutOfStepError(rows, rowCount ?? 0);
}

async function moveOrCreate(client: Client, from: PastCheckpoint | undefined, next: PastCheckpoint): Promise<void> {
  const moved =
    from === undefined ? createPastCheckpoint(client, next) : movePastCheckpoint(client, from.lastSequence, next);
  if ((await moved).rowCount !== 1) throw new ProjectionFencedError('past', from?.lastSequence ?? 0);
}
