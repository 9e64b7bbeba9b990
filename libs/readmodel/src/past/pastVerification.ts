import type { Client, ClientBase } from 'pg';
import { differenceOf, differencesStatement } from '../comparison/difference.ts';
import type { Difference, DifferenceRow } from '../comparison/difference.ts';
import { type AdminConnection, openAdminConnection } from '../postgres/adminConnection.ts';
import { closedUnless } from '../postgres/closedUnless.ts';
import { inTransaction } from '../postgres/inTransaction.ts';
import { translated } from '../postgres/translated.ts';
import type { ProjectableEntry } from '../projection/projectableEntry.ts';
import { lockPastCheckpoint, type PastCheckpoint, readPastCheckpoint } from './pastCheckpoint.ts';
import { PastProjection } from './pastProjection.ts';
import { CHUNK } from './pastRows.ts';
import { firstKept } from './prunePast.ts';

const SCHEMA = 'jobstream_past_verify';
const TABLES = ['past_jobs', 'past_changes', 'past_counts', 'past_checkpoint'];
const OF_BOTH = ['job_id', 'first_sequence', 'type', 'tenant', 'tags', 'status', 'since'];
const JOB_COLUMNS = [...OF_BOTH, 'version', 'attempt', 'max_attempts', 'steps_recorded', 'unread'];
const CHANGE_COLUMNS = [...OF_BOTH, 'sequence', 'at', 'left_status'];
/** Of each table. */
const MAX_REPORTED = 1_000;

/** Second tables of past states folded from the log, to compare the live ones with them; dropped when closed. */
export class PastVerification {
  readonly #control: AdminConnection;
  /** Reads a snapshot, while the follower goes on. */
  readonly #reader: AdminConnection;
  readonly #second: PastProjection;

  private constructor(control: AdminConnection, reader: AdminConnection, second: PastProjection) {
    this.#control = control;
    this.#reader = reader;
    this.#second = second;
  }

  /** Only one process may do so at a time. @throws ReadModelUnavailableError, SchemaMismatchError. */
  static async open(databaseUrl: string): Promise<PastVerification> {
    return closedUnless(await openAdminConnection(databaseUrl), async (control) => {
      await translated(makeTables(control));
      return closedUnless(
        await openAdminConnection(databaseUrl),
        async (reader) => new PastVerification(control, reader, await PastProjection.open(databaseUrl, SCHEMA)),
      );
    });
  }

  /** How far the live tables are; undefined where no past states are kept. */
  async position(): Promise<number | undefined> {
    return (await translated(readPastCheckpoint(this.#control.client)))?.lastSequence;
  }

  /** Folds the next messages of the log, oldest first. */
  apply(entries: readonly ProjectableEntry[]): Promise<void> {
    return this.#second.apply(entries);
  }

  /**
   * Compares the tables at the position of the live ones, to which `advanceTo` brings the second ones while the follower waits.
   *
   * @returns undefined if they cannot be compared: the log and its archive have lost events that the live tables know.
   */
  async compare(advanceTo: (position: number) => Promise<void>): Promise<readonly Difference[] | undefined> {
    const [{ client, live }, reader] = [this.#control, this.#reader.client];
    const checkpoint = await inTransaction(client, async () => {
      const locked = await lockPastCheckpoint(client);
      if (locked !== undefined) await advanceTo(locked.lastSequence);
      await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
      await reader.query('SELECT FROM past_checkpoint'); // takes the snapshot
      return locked;
    });
    const folded = await readPastCheckpointOf(reader, SCHEMA);
    const differences =
      checkpoint === undefined || (folded !== undefined && folded.earliestSequence > checkpoint.earliestSequence)
        ? undefined
        : await differencesOf(reader, live, checkpoint);
    await reader.query('COMMIT');
    return differences;
  }

  async close(): Promise<void> {
    await Promise.all([this.#second.close(), this.#reader.close()]);
    await dropTables(this.#control.client).catch(() => {}); // the next verification drops them
    await this.#control.close();
  }
}

/** Drops what an earlier process has left. */
async function makeTables({ client, live }: AdminConnection): Promise<void> {
  await dropTables(client);
  await client.query(`CREATE SCHEMA ${SCHEMA}`);
  for (const table of TABLES) {
    const like = `${client.escapeIdentifier(live)}.${table}`;
    await client.query(
      `CREATE UNLOGGED TABLE ${SCHEMA}.${table} (LIKE ${like} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)`,
    );
  }
  await client.query(`ALTER TABLE ${SCHEMA}.past_jobs ADD PRIMARY KEY (job_id)`);
  await client.query(`ALTER TABLE ${SCHEMA}.past_changes ADD PRIMARY KEY (sequence)`);
  await client.query(`CREATE UNIQUE INDEX ON ${SCHEMA}.past_changes (job_id) WHERE left_status IS NULL`);
  await client.query(`ALTER TABLE ${SCHEMA}.past_counts ADD PRIMARY KEY (chunk, tenant, type, status)`);
  await client.query(`ALTER TABLE ${SCHEMA}.past_checkpoint ADD PRIMARY KEY (is_only)`);
}

async function dropTables(client: Client): Promise<void> {
  await client.query(`DROP SCHEMA IF EXISTS ${SCHEMA} CASCADE`);
}

async function readPastCheckpointOf(
  client: ClientBase,
  schema: string,
): Promise<Pick<PastCheckpoint, 'earliestSequence'> | undefined> {
  const { rows } = await client.query<Pick<PastCheckpoint, 'earliestSequence'>>(
    `SELECT earliest_sequence AS "earliestSequence" FROM ${schema}.past_checkpoint`,
  );
  return rows[0];
}

async function differencesOf(
  client: ClientBase,
  liveSchema: string,
  at: PastCheckpoint,
): Promise<readonly Difference[]> {
  const live = client.escapeIdentifier(liveSchema);
  const kept = await firstKept(client, at, live);
  const found = [
    await differing(client, 'past_jobs', {
      ...rowsOf('past_jobs', live, `status <> 'completed' AND NOT (${endedBefore(kept)})`),
      key: 'job_id',
      columns: JOB_COLUMNS,
    }),
    await differing(client, 'past_changes', {
      ...rowsOf('past_changes', live, `sequence >= ${kept}`),
      key: 'sequence',
      columns: CHANGE_COLUMNS,
    }),
    await differing(client, 'past_counts', { ...countsOf(live, kept), key: 'place', columns: ['place', 'delta'] }),
  ];
  return found.flat();
}

function rowsOf(table: string, live: string, condition: string) {
  const [one, other] = [live, SCHEMA].map((schema) => `SELECT * FROM ${schema}.${table} WHERE ${condition}`);
  return { live: one ?? '', log: other ?? '' };
}

/** They were removed, or will be. */
function endedBefore(kept: number): string {
  return `status IN ('failed', 'cancelled') AND since < ${kept}`;
}

/** What was removed is counted in chunk -1, without the jobs that had ended in it: on both sides none of them is counted. */
function countsOf(live: string, kept: number) {
  const [one, other] = [live, SCHEMA].map(
    (schema) => `(SELECT CASE WHEN chunk < ${kept / CHUNK} THEN -1 ELSE chunk END AS chunk, tenant, type, status, delta
      FROM ${schema}.past_counts
    UNION ALL SELECT -1, coalesce(tenant, ''), type, status, -1 FROM ${schema}.past_jobs
      WHERE ${endedBefore(kept)}
    UNION ALL SELECT -1, coalesce(tenant, ''), type, status, -1 FROM ${schema}.past_changes
      WHERE status = 'completed' AND sequence < ${kept}) AS counted`,
  );
  return { live: summed(one ?? ''), log: summed(other ?? '') };
}

function summed(deltas: string): string {
  return `SELECT concat_ws(' ', chunk, nullif(tenant, ''), type, status) AS place, sum(delta)::bigint AS delta
    FROM ${deltas} GROUP BY chunk, tenant, type, status HAVING sum(delta) <> 0`;
}

async function differing(
  client: ClientBase,
  table: Difference['table'],
  compared: Parameters<typeof differencesStatement>[0],
): Promise<readonly Difference[]> {
  const { rows } = await client.query<DifferenceRow>(differencesStatement(compared, MAX_REPORTED));
  return rows.map((row) => differenceOf(table, row));
}
