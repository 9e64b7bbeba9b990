import type { ClientBase } from 'pg';
import type { AdminConnection } from '../postgres/adminConnection.ts';
import { compareJobs, compareSearch, compareSteps } from '../comparison/compareJobs.ts';
import type { ComparedRange } from '../comparison/compareJobs.ts';
import { BEGINS_JOB } from '../jobs/jobQueries.ts';
import { compareRest } from '../comparison/compareRest.ts';
import { PROJECTION_TABLES } from './projectionTables.ts';

const BEGIN = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY`;

/** Both sets of tables as they were at one position of the log, in one long transaction. */
export class TableSnapshot {
  readonly position: number;
  readonly #control: AdminConnection;

  private constructor(control: AdminConnection, position: number) {
    this.#control = control;
    this.position = position;
  }

  /** Takes the snapshot; call it while the tables are held at `position`. */
  static async take(control: AdminConnection, position: number): Promise<TableSnapshot> {
    await control.client.query(BEGIN);
    // The locks keep a swap from moving the tables: this transaction would see other, empty ones under their names.
    const tables = PROJECTION_TABLES.map((table) => `${control.client.escapeIdentifier(control.live)}.${table}`);
    await control.client.query(`LOCK TABLE ${tables.join(', ')} IN ACCESS SHARE MODE`);
    await control.client.query('SELECT 1 FROM projection_checkpoints');
    return new TableSnapshot(control, position);
  }

  /** Compares the tables range by range; counts, statistics and quarantined messages come last. */
  async *compare(second: string, except: readonly string[]): AsyncGenerator<ComparedRange> {
    const { client, live } = this.#control;
    yield* compareJobs(client, { live, second, except });
    yield* compareSearch(client, { live, second, except });
    yield* compareSteps(client, { live, second });
    yield { rows: 0, differences: await compareRest(client, { live, second, except }) };
  }

  async countJobs(): Promise<number> {
    return countJobs(this.#control.client);
  }

  /** Returns the first jobs of the live tables with events that only a newer release can read, and how many there are. */
  async unreadableJobs(): Promise<UnreadableJobs> {
    const { client, live } = this.#control;
    const [jobs, quarantined] = ['jobs', 'quarantined_messages'].map(
      (table) => `${client.escapeIdentifier(live)}.${table}`,
    );
    const { rows } = await client.query<UnreadableJob & { total: number }>(
      `SELECT *, count(*) OVER ()::int AS total FROM (
          SELECT id, unreadable_events AS events, true AS "hasRow" FROM ${jobs} WHERE unreadable_events IS NOT NULL
          UNION ALL SELECT job_id, count(*)::int, false FROM ${quarantined} q
            WHERE job_id IS NOT NULL AND NOT EXISTS (SELECT FROM ${jobs} WHERE id = q.job_id)
            GROUP BY job_id HAVING bool_or(${BEGINS_JOB})) unreadable
        ORDER BY id LIMIT ${MAX_NAMED}`,
    );
    return { total: rows[0]?.total ?? 0, first: rows.map(({ total: _total, ...job }) => job) };
  }

  close(): Promise<void> {
    return this.#control.close();
  }
}

/** Jobs of whose events some can only be read by a newer release. */
export interface UnreadableJobs {
  readonly total: number;
  readonly first: readonly UnreadableJob[];
}

interface UnreadableJob {
  readonly id: string;
  readonly events: number;
  /** False if its creation is one of these events. */
  readonly hasRow: boolean;
}

const MAX_NAMED = 100;

async function countJobs(client: ClientBase): Promise<number> {
  const { rows } = await client.query<{ jobs: number }>(
    'SELECT coalesce(sum(count), 0)::bigint AS jobs FROM job_counts',
  );
  return rows[0]?.jobs ?? 0;
}
