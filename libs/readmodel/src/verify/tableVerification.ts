import type { Client, ClientBase } from 'pg';
import { openAdminConnection } from '../postgres/adminConnection.ts';
import { closedUnless } from '../postgres/closedUnless.ts';
import type { AdminConnection } from '../postgres/adminConnection.ts';
import { createSecondTables } from '../secondTables/createSecondTables.ts';
import type { Difference } from '../comparison/difference.ts';
import { inTransaction } from '../postgres/inTransaction.ts';
import type { AdvanceTo } from '../secondTables/withTablesHeld.ts';
import { ADVISORY_LOCKS } from '../postgres/adminConnection.ts';
import { VERIFY_SCHEMA } from '../secondTables/projectionTables.ts';
import { RebuildRefusedError } from '../errors.ts';
import { SecondTables } from '../secondTables/secondTables.ts';
import { translated } from '../postgres/translated.ts';
import { fenceProjector } from '../projection/checkpointFence.ts';

/** Rows in one transaction, for which the projector waits: some hundred milliseconds. */
const ROWS_AT_ONCE = 2_000;

/** What is repaired job by job, and by which column. */
const REPAIRED = [
  ['jobs', 'id'],
  ['job_search', 'job_id'],
  ['job_steps', 'job_id'],
] as const;
const OF_JOBS: ReadonlySet<Difference['table']> = new Set(REPAIRED.map(([table]) => table));
/** Jobs whose rows differ; in Postgres, since there may be many. */
const DIFFERING = `${VERIFY_SCHEMA}.differing_jobs`;

/** Second tables folded from the log, to compare the live ones with them; dropped when closed. */
export class TableVerification {
  readonly tables: SecondTables;
  readonly #control: AdminConnection;

  private constructor(control: AdminConnection, tables: SecondTables) {
    this.#control = control;
    this.tables = tables;
  }

  /** @throws RebuildRefusedError while another process verifies; ReadModelUnavailableError, SchemaMismatchError. */
  static async open(databaseUrl: string): Promise<TableVerification> {
    return closedUnless(await openAdminConnection(databaseUrl), async (control) => {
      if (!(await control.tryLock(ADVISORY_LOCKS.verify)))
        throw new RebuildRefusedError('another process is verifying already');
      await translated(inTransaction(control.client, () => makeTables(control)));
      return new TableVerification(control, await SecondTables.open(databaseUrl, control, VERIFY_SCHEMA));
    });
  }

  /** Marks the jobs of these differences for repair. */
  async markForRepair(differences: readonly Difference[]): Promise<void> {
    const ids = differences.filter(({ table }) => OF_JOBS.has(table)).map(({ key }) => key);
    const text = `INSERT INTO ${DIFFERING} SELECT unnest($1::uuid[]) ON CONFLICT DO NOTHING`;
    if (ids.length > 0) await translated(this.#control.client.query(text, [ids]));
  }

  /** Counts the jobs that are marked and not repaired yet. */
  async countMarked(): Promise<number> {
    const { rows } = await translated(
      this.#control.client.query<{ jobs: number }>(`SELECT count(*) AS jobs FROM ${DIFFERING}`),
    );
    return rows[0]?.jobs ?? 0;
  }

  /** Repairs some of the marked jobs in one transaction, while the projector waits; returns their number. */
  repairSome(advanceTo: AdvanceTo): Promise<number> {
    const { client, live } = this.#control;
    return this.tables.atLivePosition(advanceTo, () =>
      repairJobs(client, { live, second: VERIFY_SCHEMA, marked: DIFFERING }),
    );
  }

  /** Repairs counts, statistics and quarantined messages; call it after all jobs are repaired. */
  repairRest(advanceTo: AdvanceTo): Promise<void> {
    const { client, live } = this.#control;
    return this.tables.atLivePosition(advanceTo, () => repairRest(client, live, VERIFY_SCHEMA));
  }

  async close(): Promise<void> {
    await this.tables.close();
    await dropTables(this.#control.client).catch(() => {}); // the next verification drops them
    await this.#control.close();
  }
}

/** Drops what an earlier process has left, and creates unlogged tables. */
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
  /** The schema of the tables folded from the log. */
  readonly second: string;
  /** The table with the ids of the marked jobs. */
  readonly marked: string;
}

/**
 * Replaces the live rows of the first marked jobs by those folded from the log, and unmarks them; returns their number.
 * Call it inside a transaction that holds both sets of tables.
 */
async function repairJobs(client: ClientBase, { live, second, marked }: RepairedTables): Promise<number> {
  const from = client.escapeIdentifier(live);
  const taken = await client.query<{ id: string }>(
    `DELETE FROM ${marked} WHERE id IN (SELECT id FROM ${marked} ORDER BY id LIMIT ${ROWS_AT_ONCE}) RETURNING id`,
  );
  const ids = taken.rows.map(({ id }) => id);
  for (const [table, key] of REPAIRED) {
    await client.query(`DELETE FROM ${from}.${table} WHERE ${key} = ANY($1::uuid[])`, [ids]);
    await client.query(`INSERT INTO ${from}.${table} SELECT * FROM ${second}.${table} WHERE ${key} = ANY($1::uuid[])`, [
      ids,
    ]);
  }
  await fenceProjector(client);
  return ids.length;
}

/**
 * Replaces all counts and statistics, which are few, and the quarantined messages that differ; the others keep their
 * `quarantined_at`. Call it inside a transaction that holds both sets of tables.
 */
async function repairRest(client: ClientBase, live: string, second: string): Promise<void> {
  const to = client.escapeIdentifier(live);
  await client.query(`DELETE FROM ${to}.job_counts`);
  await client.query(`INSERT INTO ${to}.job_counts SELECT * FROM ${second}.job_counts`);
  await client.query(`DELETE FROM ${to}.job_statistics`);
  await client.query(`INSERT INTO ${to}.job_statistics SELECT * FROM ${second}.job_statistics`);
  await client.query(`DELETE FROM ${to}.job_statistics_gaps`);
  await client.query(`DELETE FROM ${to}.quarantined_messages l WHERE NOT EXISTS (
    SELECT FROM ${second}.quarantined_messages s WHERE s.sequence = l.sequence AND s.reason = l.reason AND s.body = l.body
      AND (s.subject, s.recorded_at, s.job_id) IS NOT DISTINCT FROM (l.subject, l.recorded_at, l.job_id))`);
  await client.query(`INSERT INTO ${to}.quarantined_messages SELECT * FROM ${second}.quarantined_messages
    ON CONFLICT (sequence) DO NOTHING`);
  await fenceProjector(client);
}
