import type { Client } from 'pg';
import { translated } from '../postgres/translateError.ts';
import { compareCounts } from '../comparison/compareRest.ts';
import { openAdminConnection } from '../postgres/adminConnection.ts';
import type { AdminConnection } from '../postgres/adminConnection.ts';
import type { Difference } from '../comparison/difference.ts';
import { fenceProjector } from '../secondTables/withTablesHeld.ts';
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
 * Second tables that are to take the place of the live ones: new ones for a rebuild, the previous ones for a rollback.
 * Its state is in Postgres: after a crash, opening it again goes on where it stopped.
 */
export class TableRebuild {
  readonly tables: SecondTables;
  /** True when an earlier process had begun it. */
  readonly resumed: boolean;
  readonly #control: AdminConnection;

  private constructor(control: AdminConnection, tables: SecondTables, resumed: boolean) {
    this.#control = control;
    this.tables = tables;
    this.resumed = resumed;
  }

  /** Begins or takes up. RebuildRefusedError says what is in the way; ReadModelUnavailableError, SchemaMismatchError. */
  static async open(databaseUrl: string, kind: RebuildKind): Promise<TableRebuild> {
    const control = await openAdminConnection(databaseUrl);
    try {
      if (!(await control.tryLock(ADVISORY_LOCKS.rebuild))) throw runsAlready(await readState(control.client));
      const resumed = await translated(prepareRebuild(control, kind));
      return new TableRebuild(control, await SecondTables.open(databaseUrl, control, NEXT_SCHEMA), resumed);
    } catch (error) {
      await control.close();
      throw error;
    }
  }

  /** RebuildCancelledError once somebody has asked for it. */
  async throwIfCancelled(): Promise<void> {
    const state = await translated(readState(this.#control.client));
    if (state === undefined || state.cancelled) throw new RebuildCancelledError();
  }

  /**
   * Puts the tables in the place of the live ones, both at one position, and tells the projector. Returns what keeps it
   * from doing so unless forced: counts that differ. StepMissedError, RebuildCancelledError.
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

/** A verification reads the tables in one long transaction: waiting for it would make all other readers wait as well. */
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

/** Those that a migration has made since the second tables got theirs. */
async function assertIndexed(client: Client, live: string): Promise<void> {
  const missing = (await missingIndexes(client, live, NEXT_SCHEMA)).map(({ name }) => name);
  if (missing.length === 0) return;
  throw new RebuildRefusedError(`the new tables lack ${missing.join(', ')}: start it again, which makes the indexes`);
}

function runsAlready(state: RebuildState | undefined): RebuildRefusedError {
  if (state === undefined) return new RebuildRefusedError('another process is at the tables: try again in a moment');
  const what = `a ${state.kind} that began at ${state.startedAt} is running in another process`;
  return new RebuildRefusedError(`${what}: wait for its end, or stop it with --cancel`);
}
