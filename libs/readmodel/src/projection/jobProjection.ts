import { BatchWriter } from './batchWriter.ts';
import type { AppliedBatch } from './batchWriter.ts';
import { createCheckpoint, JOBS_PROJECTION, readPosition } from './checkpointFence.ts';
import type { ProjectionPosition } from './checkpointFence.ts';
import { LockedProjection } from './lockedProjection.ts';
import { readPutAside, refoldJobs } from './refoldJobs.ts';
import type { PutAsideEvent, ReadableJob } from './refoldJobs.ts';
import type { ProjectableEntry } from './projectableEntry.ts';
import { listenForWaitingReaders } from './waitingReaders.ts';
import { openDedicatedConnection } from '../postgres/dedicatedConnection.ts';
import type { DedicatedConnection } from '../postgres/dedicatedConnection.ts';
import { translated } from '../postgres/translated.ts';
import { readSearchPaths, saveSearchPaths } from '../search/searchPaths.ts';
import type { SearchPaths } from '../search/searchPaths.ts';
import { readStatisticsGap } from '../statistics/statisticsGap.ts';

/** The read model as it is written from the log. */
export class JobProjection extends LockedProjection {
  readonly #schema: string | undefined;
  #writer: BatchWriter | undefined;
  #position: ProjectionPosition = { sequence: 0, generation: 0 };
  #searchPaths: SearchPaths | undefined;

  private constructor(
    connection: DedicatedConnection,
    schema: string | undefined,
    searchPaths: SearchPaths | undefined,
  ) {
    super(connection, `jobstream projection ${JOBS_PROJECTION}${schema === undefined ? '' : ` in ${schema}`}`);
    this.#schema = schema;
    this.#searchPaths = searchPaths;
  }

  /**
   * Connects to the live tables, or to second ones in a schema of their own.
   *
   * @param searchPaths by which jobs can be searched from now on; default: for the live tables as before, else none.
   * @throws ReadModelUnavailableError, SchemaMismatchError.
   */
  static async open(databaseUrl: string, schema?: string, searchPaths?: SearchPaths): Promise<JobProjection> {
    const options = schema === undefined ? {} : { name: 'rebuild', schema };
    return new JobProjection(await openDedicatedConnection(databaseUrl, options), schema, searchPaths);
  }

  get lastSequence(): number {
    return this.#writer?.lastSequence ?? 0;
  }

  /** Reads the time (RFC 3339) before which events may be missing from the statistics; undefined if none are. */
  statisticsIncompleteBefore(): Promise<string | undefined> {
    return translated(readStatisticsGap(this.client));
  }

  protected override async begin(): Promise<void> {
    const { client } = this;
    await createCheckpoint(client);
    this.#position = await readPosition(client);
    this.#searchPaths = await this.#settleSearchPaths();
    this.#writer = new BatchWriter(client, this.#position, this.#searchPaths);
  }

  /** Those of the live tables are stored for the API, and for second tables, which are given them. */
  async #settleSearchPaths(): Promise<SearchPaths> {
    const { client } = this;
    if (this.#schema !== undefined) return this.#searchPaths ?? new Map();
    if (this.#searchPaths === undefined) return readSearchPaths(client);
    await saveSearchPaths(client, this.#searchPaths);
    return this.#searchPaths;
  }

  /** Calls back whenever a reader waits for the table (`ReadModel.hastenProjection`), until the projection is closed. */
  onWaitingReader(callback: () => void): Promise<void> {
    return translated(listenForWaitingReaders(this.client, callback));
  }

  /** Returns the events of newer releases that were put aside, of the next `jobs` jobs after this id. */
  readPutAside(afterJob: string, jobs: number): Promise<readonly PutAsideEvent[]> {
    return translated(readPutAside(this.client, afterJob, jobs));
  }

  /**
   * Folds jobs anew whose events can be read now. Call it before the first `apply`. When it has rejected, nothing has
   * changed, and it can be called again with other jobs.
   *
   * @throws ReadModelUnavailableError, ProjectionFencedError, the error of Postgres if it refuses a job.
   */
  refold(jobs: readonly ReadableJob[]): Promise<void> {
    return translated(
      refoldJobs(this.client, { position: this.#position, searchPaths: this.#searchPaths ?? new Map() }, jobs),
    );
  }

  /**
   * Projects the next messages of the log, oldest first, and moves the checkpoint past them, in one transaction.
   * Messages at or before the checkpoint are skipped. It may be called again before it has resolved: the next messages
   * are prepared while these are written.
   *
   * @returns the messages that were quarantined, and the events that changed nothing.
   * @throws ReadModelUnavailableError, after which the checkpoint tells whether the batch was committed;
   * ProjectionFencedError; JobsOutOfStepError when rows that had just been read were not changed as expected.
   */
  apply(entries: readonly ProjectableEntry[]): Promise<AppliedBatch> {
    if (this.#writer === undefined) return Promise.reject(new Error('the lock of the projection is not taken'));
    return this.#writer.apply(entries);
  }
}
