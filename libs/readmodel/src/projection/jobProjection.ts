import { BatchWriter } from './batchWriter.ts';
import type { ProjectionPosition, Quarantined } from './batchWriter.ts';
import { JOBS_PROJECTION } from './checkpointFence.ts';
import type { ProjectableEntry } from './projectableEntry.ts';
import { openDedicatedConnection } from '../postgres/dedicatedConnection.ts';
import type { DedicatedConnection } from '../postgres/dedicatedConnection.ts';
import { translated } from '../postgres/translateError.ts';

const TRY_LOCK = 'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS locked';
const CREATE_CHECKPOINT = {
  text: 'INSERT INTO projection_checkpoints (name, last_sequence) VALUES ($1, 0) ON CONFLICT DO NOTHING',
  values: [JOBS_PROJECTION],
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
  readonly #connection: DedicatedConnection;
  readonly #lockName: string;
  #writer: BatchWriter | undefined;

  private constructor(connection: DedicatedConnection, lockName: string) {
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
      await openDedicatedConnection(databaseUrl, schema === undefined ? {} : { name: 'rebuild', schema }),
      lockName,
    );
  }

  /** Aborted when the connection is gone, and the lock with it. */
  get ended(): AbortSignal {
    return this.#connection.ended;
  }

  /** The position in the log up to which everything is projected. */
  get lastSequence(): number {
    return this.#writer?.lastSequence ?? 0;
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
    const position = await translated(client.query<ProjectionPosition>(READ_POSITION));
    this.#writer = new BatchWriter(client, position.rows[0] ?? { sequence: 0, generation: 0 });
    return true;
  }

  /**
   * Projects the next messages of the log, oldest first, and moves the checkpoint past them, in one transaction.
   * Messages at or before the checkpoint are skipped. Returns what had to be put aside. The next ones may be handed over
   * before it has resolved: they are prepared while these are written.
   * ReadModelUnavailableError (it may be committed or not: the checkpoint tells), ProjectionFencedError; JobsOutOfStepError
   * when rows were not changed as they should be even though they had just been read.
   */
  apply(entries: readonly ProjectableEntry[]): Promise<readonly Quarantined[]> {
    if (this.#writer === undefined) return Promise.reject(new Error('the lock of the projection is not taken'));
    return this.#writer.apply(entries);
  }
}
