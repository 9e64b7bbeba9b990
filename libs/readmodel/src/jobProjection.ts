import { encodeJobEvent } from '@jobstream/domain';
import { DatabaseError } from 'pg';
import { JOBS_PROJECTION } from './checkpoint.ts';
import { ProjectionFencedError } from './errors.ts';
import type { JobWrite } from './jobs/jobWrite.ts';
import { RecentJobs } from './jobs/recentJobs.ts';
import { JobsOutOfStepError, writeJobs } from './jobs/writeJobs.ts';
import type { ProjectableEntry, ProjectableEvent } from './projectableEntry.ts';
import { connectProjection } from './projectionConnection.ts';
import type { ProjectionConnection } from './projectionConnection.ts';
import { quarantine } from './quarantine.ts';
import type { MalformedEntry } from './quarantine.ts';
import { translated } from './translateError.ts';

/** A message that was put aside instead of projected, and why. */
export interface Quarantined {
  readonly sequence: number;
  readonly reason: string;
}

/** Data exceptions, violated constraints and exceeded limits: Postgres will never take this batch. */
const REFUSED = /^(22|23|54)/;

const TRY_LOCK = 'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS locked';
const CREATE_CHECKPOINT = {
  text: 'INSERT INTO projection_checkpoints (name, last_sequence) VALUES ($1, 0) ON CONFLICT DO NOTHING',
  values: [JOBS_PROJECTION],
};
const MOVE_CHECKPOINT = {
  name: 'move_checkpoint',
  text: `UPDATE projection_checkpoints SET last_sequence = $3, updated_at = now()
    WHERE name = $1 AND last_sequence = $2 AND generation = $4`,
};
const READ_POSITION = {
  text: 'SELECT last_sequence AS sequence, generation FROM projection_checkpoints WHERE name = $1',
  values: [JOBS_PROJECTION],
};

/**
 * Writes the read model from the log: one connection that holds a lock, so that one process writes at a time.
 * After any method has rejected, the projection is of no more use: close it and open another.
 */
export class JobProjection {
  readonly #connection: ProjectionConnection;
  readonly #lockName: string;
  readonly #recent = new RecentJobs();
  #lastSequence = 0;
  /** Differs from the stored one once another process has changed rows: what is remembered of them is void. */
  #generation = 0;

  private constructor(connection: ProjectionConnection, lockName: string) {
    this.#connection = connection;
    this.#lockName = lockName;
  }

  /**
   * Connects, to the live tables or to the second ones in a schema of their own.
   * ReadModelUnavailableError, SchemaMismatchError.
   */
  static async open(databaseUrl: string, schema?: string): Promise<JobProjection> {
    const lockName = `jobstream projection ${JOBS_PROJECTION}${schema === undefined ? '' : ` in ${schema}`}`;
    return new JobProjection(
      await connectProjection(databaseUrl, schema === undefined ? {} : { name: 'rebuild', schema }),
      lockName,
    );
  }

  /** Aborted when the connection is gone, and the lock with it. */
  get ended(): AbortSignal {
    return this.#connection.ended;
  }

  /** The position in the log up to which everything is projected. */
  get lastSequence(): number {
    return this.#lastSequence;
  }

  /** Closes the connection, which frees the lock. */
  close(): Promise<void> {
    return this.#connection.close();
  }

  /** Takes the lock and reads the checkpoint, or returns false while another process has the lock. */
  async tryAcquire(): Promise<boolean> {
    const { client } = this.#connection;
    const { rows } = await translated(client.query<{ locked: boolean }>(TRY_LOCK, [this.#lockName]));
    if (rows[0]?.locked !== true) return false;
    await translated(client.query(CREATE_CHECKPOINT));
    const position = await translated(client.query<{ sequence: number; generation: number }>(READ_POSITION));
    this.#lastSequence = position.rows[0]?.sequence ?? 0;
    this.#generation = position.rows[0]?.generation ?? 0;
    return true;
  }

  /**
   * Projects the next messages of the log, oldest first, and moves the checkpoint past them, in one transaction.
   * Messages at or before the checkpoint are skipped. Returns what had to be put aside.
   * ReadModelUnavailableError (it may be committed or not: the checkpoint tells), ProjectionFencedError.
   */
  async apply(entries: readonly ProjectableEntry[]): Promise<readonly Quarantined[]> {
    const next = entries.filter(({ sequence }) => sequence > this.#lastSequence);
    if (next.length === 0) return [];
    try {
      return await this.#applyBatch(next);
    } catch (error) {
      if (!isRefused(error)) throw error;
      return this.#isolate(next, error);
    }
  }

  /** Halves a batch that Postgres refuses until the message at fault stands alone, and quarantines that one. */
  async #isolate(entries: readonly ProjectableEntry[], error: Error): Promise<readonly Quarantined[]> {
    const [first] = entries;
    if (entries.length === 1 && first !== undefined) {
      if (first.kind !== 'event') throw error;
      return this.#applyBatch([malformed(first, error)]);
    }
    const middle = Math.ceil(entries.length / 2);
    const older = await this.apply(entries.slice(0, middle));
    return [...older, ...(await this.apply(entries.slice(middle)))];
  }

  async #applyBatch(entries: readonly ProjectableEntry[]): Promise<readonly Quarantined[]> {
    try {
      await this.#commit(entries, true);
    } catch (error) {
      if (!(error instanceof JobsOutOfStepError)) throw error;
      this.#recent.clear();
      await this.#commit(entries, false);
    }
    return entries.filter((entry) => entry.kind === 'malformed').map(({ sequence, reason }) => ({ sequence, reason }));
  }

  async #commit(entries: readonly ProjectableEntry[], createdIsNew: boolean): Promise<void> {
    const { client } = this.#connection;
    const through = entries.at(-1)?.sequence ?? this.#lastSequence;
    const writes = await translated(
      this.#transaction(async () => {
        await this.#moveCheckpoint(through);
        await quarantine(client, entries.filter(isMalformed));
        return writeJobs(client, entries.filter(isEvent), { recent: this.#recent, createdIsNew });
      }),
    );
    this.#lastSequence = through;
    this.#recent.remember(writes);
  }

  /** First in the transaction: it makes a second writer wait, and then fail before it has touched a row. */
  async #moveCheckpoint(through: number): Promise<void> {
    const values = [JOBS_PROJECTION, this.#lastSequence, through, this.#generation];
    const { rowCount } = await this.#connection.client.query({ ...MOVE_CHECKPOINT, values });
    if (rowCount !== 1) throw new ProjectionFencedError(JOBS_PROJECTION, this.#lastSequence);
  }

  async #transaction(work: () => Promise<readonly JobWrite[]>): Promise<readonly JobWrite[]> {
    const { client } = this.#connection;
    await client.query('BEGIN');
    try {
      const result = await work();
      await client.query('COMMIT');
      return result;
    } catch (error) {
      await client.query('ROLLBACK').catch(() => {}); // fails with the connection, which rolls back as well
      throw error;
    }
  }
}

function isEvent(entry: ProjectableEntry): entry is ProjectableEvent {
  return entry.kind === 'event';
}

function isMalformed(entry: ProjectableEntry): entry is MalformedEntry {
  return entry.kind === 'malformed';
}

function isRefused(error: unknown): error is Error {
  return error instanceof DatabaseError && REFUSED.test(error.code ?? '');
}

function malformed({ sequence, recordedAt, event }: ProjectableEvent, error: Error): MalformedEntry {
  const subject = `jobs.${event.jobType}.${event.jobId}`;
  const body = Buffer.from(encodeJobEvent(event));
  return { kind: 'malformed', sequence, recordedAt, subject, reason: error.message, body };
}
