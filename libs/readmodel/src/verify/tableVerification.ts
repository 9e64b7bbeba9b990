import type { Client, ClientBase } from 'pg';
import { openAdminConnection } from '../postgres/adminConnection.ts';
import type { AdminConnection } from '../postgres/adminConnection.ts';
import { createSecondTables } from '../secondTables/createSecondTables.ts';
import type { Difference } from '../comparison/difference.ts';
import { inTransaction } from '../postgres/inTransaction.ts';
import type { AdvanceTo } from '../secondTables/withTablesHeld.ts';
import { ADVISORY_LOCKS } from '../postgres/adminConnection.ts';
import { VERIFY_SCHEMA } from '../secondTables/projectionTables.ts';
import { RebuildRefusedError } from '../errors.ts';
import { SecondTables } from '../secondTables/secondTables.ts';
import { translated } from '../postgres/translateError.ts';
import { fenceProjector } from '../secondTables/withTablesHeld.ts';

/** Rows that the projector waits for: some hundred milliseconds. */
const ROWS_AT_ONCE = 2_000;

/** Jobs whose rows are known to differ, kept in Postgres so that their number does not matter. */
const DIFFERING = `${VERIFY_SCHEMA}.differing_jobs`;

/** Second tables that are folded from the log afresh, to compare the live ones with them; they go when it is closed. */
export class TableVerification {
  readonly tables: SecondTables;
  readonly #control: AdminConnection;

  private constructor(control: AdminConnection, tables: SecondTables) {
    this.#control = control;
    this.tables = tables;
  }

  /** RebuildRefusedError while another process verifies; ReadModelUnavailableError, SchemaMismatchError. */
  static async open(databaseUrl: string): Promise<TableVerification> {
    const control = await openAdminConnection(databaseUrl);
    try {
      if (!(await control.tryLock(ADVISORY_LOCKS.verify)))
        throw new RebuildRefusedError('another process is verifying already');
      await translated(inTransaction(control.client, () => makeTables(control)));
      return new TableVerification(control, await SecondTables.open(databaseUrl, control, VERIFY_SCHEMA));
    } catch (error) {
      await control.close();
      throw error;
    }
  }

  /** Keeps in mind which jobs are to be repaired. */
  async markForRepair(differences: readonly Difference[]): Promise<void> {
    const ids = differences.filter(({ table }) => table === 'jobs').map(({ key }) => key);
    const text = `INSERT INTO ${DIFFERING} SELECT unnest($1::uuid[]) ON CONFLICT DO NOTHING`;
    if (ids.length > 0) await translated(this.#control.client.query(text, [ids]));
  }

  /** How many jobs were noted and are not repaired yet. */
  async countMarked(): Promise<number> {
    const { rows } = await translated(
      this.#control.client.query<{ jobs: number }>(`SELECT count(*) AS jobs FROM ${DIFFERING}`),
    );
    return rows[0]?.jobs ?? 0;
  }

  /** Writes some of the noted jobs as the log says, in one transaction with the projector held; returns how many. */
  repairSome(advanceTo: AdvanceTo): Promise<number> {
    const { client, live } = this.#control;
    return this.tables.atLivePosition(advanceTo, () =>
      repairJobs(client, { live, second: VERIFY_SCHEMA, noted: DIFFERING }),
    );
  }

  /** Writes all counts and messages in quarantine as the log says; to be done after the jobs. */
  repairRest(advanceTo: AdvanceTo): Promise<void> {
    const { client, live } = this.#control;
    return this.tables.atLivePosition(advanceTo, () => repairRest(client, live, VERIFY_SCHEMA));
  }

  async close(): Promise<void> {
    await this.tables.close();
    await dropTables(this.#control.client).catch(() => {}); // the next one does it
    await this.#control.close();
  }
}

/** Unlogged: they outlive neither a crash of Postgres nor us. What an earlier process left goes first. */
async function makeTables({ client, live }: AdminConnection): Promise<void> {
  await dropTables(client);
  await createSecondTables(client, { live, schema: VERIFY_SCHEMA, unlogged: true });
  await client.query(`CREATE UNLOGGED TABLE ${DIFFERING} (id uuid PRIMARY KEY)`);
}

async function dropTables(client: Client): Promise<void> {
  await client.query(`DROP SCHEMA IF EXISTS ${VERIFY_SCHEMA} CASCADE`);
}

interface RepairedTables {
  /** The schema of the live tables. */
  readonly live: string;
  /** The schema of those that were made from the log. */
  readonly second: string;
  /** The table with the ids of the jobs to repair. */
  readonly noted: string;
}

/**
 * Puts rows that were made from the log in the place of the live ones, for the first of the noted jobs, and forgets those.
 * Returns how many there were. Inside the transaction of a step.
 */
async function repairJobs(client: ClientBase, { live, second, noted }: RepairedTables): Promise<number> {
  const table = `${client.escapeIdentifier(live)}.jobs`;
  const taken = await client.query<{ id: string }>(
    `DELETE FROM ${noted} WHERE id IN (SELECT id FROM ${noted} ORDER BY id LIMIT ${ROWS_AT_ONCE}) RETURNING id`,
  );
  const ids = taken.rows.map(({ id }) => id);
  await client.query(`DELETE FROM ${table} WHERE id = ANY($1::uuid[])`, [ids]);
  await client.query(`INSERT INTO ${table} SELECT * FROM ${second}.jobs WHERE id = ANY($1::uuid[])`, [ids]);
  await fenceProjector(client);
  return ids.length;
}

/**
 * Replaces counts and statistics, of which there are few, and exchanges the messages in quarantine that differ; those that are right
 * keep the time at which they were put aside. Inside the transaction of a step.
 */
async function repairRest(client: ClientBase, live: string, second: string): Promise<void> {
  const to = client.escapeIdentifier(live);
  await client.query(`DELETE FROM ${to}.job_counts`);
  await client.query(`INSERT INTO ${to}.job_counts SELECT * FROM ${second}.job_counts`);
  await client.query(`DELETE FROM ${to}.job_statistics`);
  await client.query(`INSERT INTO ${to}.job_statistics SELECT * FROM ${second}.job_statistics`);
  await client.query(`DELETE FROM ${to}.quarantined_messages l WHERE NOT EXISTS (
    SELECT FROM ${second}.quarantined_messages s WHERE s.sequence = l.sequence AND s.reason = l.reason AND s.body = l.body
      AND (s.subject, s.recorded_at) IS NOT DISTINCT FROM (l.subject, l.recorded_at))`);
  await client.query(`INSERT INTO ${to}.quarantined_messages SELECT * FROM ${second}.quarantined_messages
    ON CONFLICT (sequence) DO NOTHING`);
  await fenceProjector(client);
}
