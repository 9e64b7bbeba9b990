import { readCheckpoint } from '../projection/checkpointFence.ts';
import type { AppliedBatch } from '../projection/batchWriter.ts';
import { JobProjection } from '../projection/jobProjection.ts';
import type { ProjectableEntry } from '../projection/projectableEntry.ts';
import { readSearchPaths } from '../search/searchPaths.ts';
import { translated } from '../postgres/translated.ts';
import { openAdminConnection } from '../postgres/adminConnection.ts';
import { closedUnless } from '../postgres/closedUnless.ts';
import type { AdminConnection } from '../postgres/adminConnection.ts';
import { withTablesHeld } from './withTablesHeld.ts';
import type { AdvanceTo } from './withTablesHeld.ts';
import { missingIndexes } from './projectionTables.ts';
import { hasRetirable, retireCompleted, RETIREMENT_INDEX, ROWS_AT_ONCE } from '../retention/retireJobs.ts';
import { retireAll, retiredBefore } from '../retention/retireJobs.ts';
import { inTransaction } from '../postgres/inTransaction.ts';
import { RebuildRefusedError, TablesBusyError } from '../errors.ts';
import { TableSnapshot } from './tableSnapshot.ts';

/** The next step, after `done` of `total`. */
export interface CompletionStep {
  readonly done: number;
  readonly total: number;
  readonly detail: string;
}

/** A second set of the projection's tables, filled from the log beside the live ones. */
export class SecondTables {
  readonly schema: string;
  readonly #databaseUrl: string;
  readonly #control: AdminConnection;
  readonly #projection: JobProjection;

  private constructor(databaseUrl: string, control: AdminConnection, parts: [string, JobProjection]) {
    this.#databaseUrl = databaseUrl;
    this.#control = control;
    [this.schema, this.#projection] = parts;
  }

  /** Opens the tables in the schema, which must exist. @throws RebuildRefusedError while another process fills them. */
  static async open(databaseUrl: string, control: AdminConnection, schema: string): Promise<SecondTables> {
    const searchPaths = await translated(
      readSearchPaths(control.client, control.client.escapeIdentifier(control.live)),
    );
    return closedUnless(await JobProjection.open(databaseUrl, schema, searchPaths), async (projection) => {
      if (await projection.tryAcquire()) return new SecondTables(databaseUrl, control, [schema, projection]);
      throw new RebuildRefusedError(`another process still fills the tables of ${schema}: try again in a moment`);
    });
  }

  /** The sequence of the log up to which these tables are filled. */
  get lastSequence(): number {
    return this.#projection.lastSequence;
  }

  /** As `JobProjection.apply`. */
  apply(entries: readonly ProjectableEntry[]): Promise<AppliedBatch> {
    return this.#projection.apply(entries);
  }

  /** The position of the live tables, which these must not overtake. */
  async livePosition(): Promise<number> {
    return (await translated(readCheckpoint(this.#control.client)))?.lastSequence ?? 0;
  }

  /**
   * Creates the missing indexes, and the planner's statistics. Each may take many minutes, so a stop does not wait for
   * them: it closes the connection, with which Postgres ends the statement. The next process creates the rest.
   */
  async complete(onStep: (step: CompletionStep) => Promise<void>, stop: AbortSignal): Promise<void> {
    const hangUp = () => void this.#control.close();
    stop.addEventListener('abort', hangUp);
    try {
      await this.#createIndexes(onStep);
    } catch (error) {
      stop.throwIfAborted();
      throw error;
    } finally {
      stop.removeEventListener('abort', hangUp);
    }
  }

  async #createIndexes(onStep: (step: CompletionStep) => Promise<void>): Promise<void> {
    const { client, live } = this.#control;
    const indexes = await translated(missingIndexes(client, live, this.schema));
    const total = indexes.length + 1;
    for (const [done, { name, statement }] of indexes.entries()) {
      await onStep({ done, total, detail: name });
      await translated(client.query(statement));
    }
    await onStep({ done: total - 1, total, detail: 'statistics' });
    await translated(client.query(`VACUUM (ANALYZE) ${client.escapeIdentifier(this.schema)}.jobs`));
  }

  /** Runs `work` in a transaction that holds both sets of tables at one position. @throws TablesBusyError. */
  async atLivePosition<Result>(advanceTo: AdvanceTo, work: (position: number) => Promise<Result>): Promise<Result> {
    await this.#retire();
    const checked = async (position: number) => {
      this.#assertAt(position);
      await this.#assertRetired();
      return work(position);
    };
    return translated(withTablesHeld(this.#control.client, advanceTo, checked));
  }

  /** A snapshot of both sets of tables at one position; the projector waits only while it is taken. */
  async snapshot(advanceTo: AdvanceTo): Promise<TableSnapshot> {
    return closedUnless(await openAdminConnection(this.#databaseUrl), (connection) =>
      this.atLivePosition(advanceTo, (position) => TableSnapshot.take(connection, position)),
    );
  }

  close(): Promise<void> {
    return this.#projection.close();
  }

  /** Verifies what `advanceTo` has done, since these rows may be about to replace the live ones. */
  #assertAt(position: number): void {
    const { lastSequence } = this;
    if (lastSequence === position) return;
    throw new Error(`the tables of ${this.schema} are at sequence ${lastSequence} instead of ${position}`);
  }

  /** Removes retired jobs from these tables, and from the live ones those that became old meanwhile. */
  async #retire(): Promise<void> {
    const { client } = this.#control;
    const before = await translated(retiredBefore(this.#control));
    if (before === undefined) return;
    await this.#indexForRetirement();
    await retireAll(this.#control, before);
    const retireSome = () => inTransaction(client, () => retireCompleted(client, this.schema, before));
    while ((await translated(retireSome())).jobs === ROWS_AT_ONCE);
  }

  /** The only index of tables that are merely compared. */
  async #indexForRetirement(): Promise<void> {
    const { client, live } = this.#control;
    const missing = await translated(missingIndexes(client, live, this.schema));
    const index = missing.find(({ name }) => name === RETIREMENT_INDEX);
    if (index === undefined) return;
    await translated(client.query(index.statement));
    await translated(client.query(`ANALYZE ${client.escapeIdentifier(this.schema)}.jobs`));
  }

  /** The retention boundary may have moved meanwhile. */
  async #assertRetired(): Promise<void> {
    const { client, live } = this.#control;
    const before = await retiredBefore(this.#control);
    if (before === undefined) return;
    for (const schema of [live, this.schema]) {
      if (await hasRetirable(client, schema, before)) throw new TablesBusyError('old jobs are being removed');
    }
  }
}
