import type { Client } from 'pg';
import { connectControl } from '../rebuild/controlConnection.ts';
import type { ControlConnection } from '../rebuild/controlConnection.ts';
import { createSecondTables } from '../rebuild/createSecondTables.ts';
import type { Difference } from '../rebuild/difference.ts';
import { inTransaction } from '../rebuild/inTransaction.ts';
import type { AdvanceTo } from '../rebuild/liveStep.ts';
import { PROJECTION_LOCKS } from '../rebuild/projectionLocks.ts';
import { VERIFY_SCHEMA } from '../rebuild/projectionTables.ts';
import { RebuildRefusedError } from '../rebuild/rebuildErrors.ts';
import { SecondTables } from '../rebuild/secondTables.ts';
import { translated } from '../translateError.ts';
import { repairJobs } from './repairJobs.ts';
import { repairRest } from './repairRest.ts';

/** Jobs whose rows are known to differ, kept in Postgres so that their number does not matter. */
const DIFFERING = `${VERIFY_SCHEMA}.differing_jobs`;

/** Second tables that are folded from the log afresh, to compare the live ones with them; they go when it is closed. */
export class TableCheck {
  readonly tables: SecondTables;
  readonly #control: ControlConnection;

  private constructor(control: ControlConnection, tables: SecondTables) {
    this.#control = control;
    this.tables = tables;
  }

  /** RebuildRefusedError while another process verifies; ReadModelUnavailableError, SchemaMismatchError. */
  static async open(databaseUrl: string): Promise<TableCheck> {
    const control = await connectControl(databaseUrl);
    try {
      if (!(await control.tryLock(PROJECTION_LOCKS.verify)))
        throw new RebuildRefusedError('another process is verifying already');
      await translated(inTransaction(control.client, () => makeTables(control)));
      return new TableCheck(control, await SecondTables.open(databaseUrl, control, VERIFY_SCHEMA));
    } catch (error) {
      await control.close();
      throw error;
    }
  }

  /** Keeps in mind which jobs are to be repaired. */
  async note(differences: readonly Difference[]): Promise<void> {
    const ids = differences.filter(({ table }) => table === 'jobs').map(({ key }) => key);
    const text = `INSERT INTO ${DIFFERING} SELECT unnest($1::uuid[]) ON CONFLICT DO NOTHING`;
    if (ids.length > 0) await translated(this.#control.client.query(text, [ids]));
  }

  /** How many jobs were noted and are not repaired yet. */
  async countNoted(): Promise<number> {
    const { rows } = await translated(
      this.#control.client.query<{ jobs: number }>(`SELECT count(*) AS jobs FROM ${DIFFERING}`),
    );
    return rows[0]?.jobs ?? 0;
  }

  /** Writes some of the noted jobs as the log says, in one transaction with the projector held; returns how many. */
  repairSome(advanceTo: AdvanceTo): Promise<number> {
    const { client, live } = this.#control;
    return this.tables.step(advanceTo, () => repairJobs(client, { live, second: VERIFY_SCHEMA, noted: DIFFERING }));
  }

  /** Writes all counts and messages in quarantine as the log says; to be done after the jobs. */
  repairRest(advanceTo: AdvanceTo): Promise<void> {
    const { client, live } = this.#control;
    return this.tables.step(advanceTo, () => repairRest(client, live, VERIFY_SCHEMA));
  }

  async close(): Promise<void> {
    await this.tables.close();
    await dropTables(this.#control.client).catch(() => {}); // the next one does it
    await this.#control.close();
  }
}

/** Unlogged: they outlive neither a crash of Postgres nor us. What an earlier process left goes first. */
async function makeTables({ client, live }: ControlConnection): Promise<void> {
  await dropTables(client);
  await createSecondTables(client, { live, schema: VERIFY_SCHEMA, unlogged: true });
  await client.query(`CREATE UNLOGGED TABLE ${DIFFERING} (id uuid PRIMARY KEY)`);
}

async function dropTables(client: Client): Promise<void> {
  await client.query(`DROP SCHEMA IF EXISTS ${VERIFY_SCHEMA} CASCADE`);
}
