import type { Client } from 'pg';
import { translated } from '../postgres/translated.ts';
import { compareCounts } from '../comparison/compareRest.ts';
import { openAdminConnection } from '../postgres/adminConnection.ts';
import { closedUnless } from '../postgres/closedUnless.ts';
import type { AdminConnection } from '../postgres/adminConnection.ts';
import type { Difference } from '../comparison/difference.ts';
import { fenceProjector } from '../projection/checkpointFence.ts';
import type { AdvanceTo } from '../secondTables/withTablesHeld.ts';
import { missingIndexes } from '../secondTables/projectionTables.ts';
import { prepareRebuild } from './prepareRebuild.ts';
import { ADVISORY_LOCKS } from '../postgres/adminConnection.ts';
import { NEXT_SCHEMA } from '../secondTables/projectionTables.ts';
import { RebuildCancelledError, RebuildRefusedError, TablesBusyError } from '../errors.ts';
import { endState, readState } from './rebuildState.ts';
import type { RebuildKind, RebuildState } from './rebuildState.ts';
import { haveSameShape } from '../secondTables/projectionTables.ts';
import { SecondTables } from '../secondTables/secondTables.ts';
import { swapTables } from './swapTables.ts';

const TRY_LOCK_HERE = 'SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS locked';

/**
 * Second tables that will replace the live ones: new ones for a rebuild, the previous ones for a rollback. Its state is
 * in Postgres: opened again after a crash, it continues where it stopped.
 */
export class TableRebuild {
  readonly tables: SecondTables;
  /** Whether it continues the work of an earlier process. */
  readonly resumed: boolean;
  readonly #control: AdminConnection;

  private constructor(control: AdminConnection, tables: SecondTables, resumed: boolean) {
    this.#control = control;
    this.tables = tables;
    this.resumed = resumed;
  }

  /** Begins or resumes. @throws RebuildRefusedError with the obstacle; ReadModelUnavailableError, SchemaMismatchError. */
  static async open(databaseUrl: string, kind: RebuildKind): Promise<TableRebuild> {
    return closedUnless(await openAdminConnection(databaseUrl), async (control) => {
      if (!(await control.tryLock(ADVISORY_LOCKS.rebuild))) throw runsAlready(await readState(control.client));
      const resumed = await translated(prepareRebuild(control, kind));
      return new TableRebuild(control, await SecondTables.open(databaseUrl, control, NEXT_SCHEMA), resumed);
    });
  }

  /** @throws RebuildCancelledError once it was cancelled. */
  async throwIfCancelled(): Promise<void> {
    const state = await translated(readState(this.#control.client));
    if (state === undefined || state.cancelled) throw new RebuildCancelledError();
  }

  /**
   * Replaces the live tables by these, both at one position, and fences the projector.
   *
   * @returns counts that differ; with any, nothing was swapped. None when forced.
   * @throws TablesBusyError, RebuildCancelledError.
   */
  swap(advanceTo: AdvanceTo, { force }: { force: boolean }): Promise<readonly Difference[]> {
    const { client, live } = this.#control;
    return this.tables.atLivePosition(advanceTo, async () => {
      await this.throwIfCancelled();
      await assertNotVerifying(client);
      const differences = force ? [] : await compareCounts(client, live, NEXT_SCHEMA);
      if (differences.length === 0) await swapAll(client, live);
      return differences;
    });
  }

  async close(): Promise<void> {
    await this.tables.close();
    await this.#control.close();
  }
}

/** A verification reads the tables in one long transaction: waiting for it would block all other readers. */
async function assertNotVerifying(client: Client): Promise<void> {
  const { rows } = await client.query<{ locked: boolean }>(TRY_LOCK_HERE, [ADVISORY_LOCKS.verify]);
  if (rows[0]?.locked !== true) throw new TablesBusyError('a verification is comparing them');
}

async function swapAll(client: Client, live: string): Promise<void> {
  if (!(await haveSameShape(client, live, NEXT_SCHEMA))) {
    throw new RebuildRefusedError('a migration has changed the tables meanwhile: start the rebuild again');
  }
  await assertIndexed(client, live);
  await swapTables(client, live);
  await fenceProjector(client);
  await endState(client);
}

/** A migration may have added indexes since the second tables got theirs. */
async function assertIndexed(client: Client, live: string): Promise<void> {
  const missing = (await missingIndexes(client, live, NEXT_SCHEMA)).map(({ name }) => name);
  if (missing.length === 0) return;
  throw new RebuildRefusedError(`the new tables lack ${missing.join(', ')}: start it again to create the indexes`);
}

function runsAlready(state: RebuildState | undefined): RebuildRefusedError {
  if (state === undefined) return new RebuildRefusedError('another process uses the tables: try again in a moment');
  const what = `a ${state.kind} that began at ${state.startedAt} is running in another process`;
  return new RebuildRefusedError(`${what}: wait for its end, or stop it with --cancel`);
}
