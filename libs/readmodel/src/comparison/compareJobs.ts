import type { ClientBase } from 'pg';
import { differenceOf } from './difference.ts';
import type { Difference, DifferenceRow } from './difference.ts';
import { differencesStatement } from './difference.ts';

export interface ComparedSchemas {
  /** The schema of the live tables. */
  readonly live: string;
  /** The schema of the tables folded from the log. */
  readonly second: string;
  /** Columns of `jobs` that may differ; `job_statistics` and `job_search` for all of those. */
  readonly except: readonly string[];
}

/** The number of live rows in a range of ids, and the differences. */
export interface ComparedRange {
  readonly rows: number;
  readonly differences: readonly Difference[];
}

interface Range {
  readonly after: string | null;
  readonly through: string | null;
}

/** Rows in one comparison: few enough for frequent progress, enough to be cheap. */
const RANGE_ROWS = 20_000;
/** Differing rows that are in memory at once. */
const PAGE_ROWS = 500;

const COLUMNS = `SELECT quote_ident(attname) AS name FROM pg_attribute
  WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped AND NOT attname = ANY($2) ORDER BY attnum`;

/**
 * Compares the tables `jobs` range by range of ids: count and sum of hashes first, and only where those differ row by
 * row. The client must be inside a transaction that sees both at one moment. Memory is bounded whatever differs.
 */
export async function* compareJobs(client: ClientBase, schemas: ComparedSchemas): AsyncGenerator<ComparedRange> {
  const [live = '', second = ''] = [schemas.live, schemas.second].map(
    (name) => `${client.escapeIdentifier(name)}.jobs`,
  );
  const { rows } = await client.query<{ name: string }>(COLUMNS, [live, schemas.except]);
  yield* compareRanges({ client, table: 'jobs', live, second, columns: rows.map(({ name }) => name) });
}

/** Also the name in `except` that allows what is searched to differ. */
const SEARCH = 'job_search';

/** Compares what jobs are searched by, likewise: all values of a job together. Counts no rows, which are not jobs. */
export async function* compareSearch(client: ClientBase, schemas: ComparedSchemas): AsyncGenerator<ComparedRange> {
  if (schemas.except.includes(SEARCH)) return;
  const [live = '', second = ''] = [schemas.live, schemas.second].map(
    (
      name,
    ) => `(SELECT job_id AS id, jsonb_object_agg(path, jsonb_build_array(job_type, value, job_created_at)) AS values
      FROM ${client.escapeIdentifier(name)}.job_search GROUP BY job_id) AS searched`,
  );
  const ranges = compareRanges({ client, table: SEARCH, live, second, columns: ['id', 'values'] });
  for await (const { differences } of ranges) yield { rows: 0, differences };
}

/** Compares the steps of jobs, likewise: all of a job together. */
export async function* compareSteps(
  client: ClientBase,
  schemas: Pick<ComparedSchemas, 'live' | 'second'>,
): AsyncGenerator<ComparedRange> {
  const [live = '', second = ''] = [schemas.live, schemas.second].map(
    (name) => `(SELECT job_id AS id, jsonb_agg(jsonb_build_array(name, key, attempt, ended_at, duration_ms,
        result IS NULL, result, error, signal_id, signal_name, waits_until) ORDER BY name, key) AS steps
      FROM ${client.escapeIdentifier(name)}.job_steps GROUP BY job_id) AS stepped`,
  );
  const ranges = compareRanges({ client, table: 'job_steps', live, second, columns: ['id', 'steps'] });
  for await (const { differences } of ranges) yield { rows: 0, differences };
}

interface Tables {
  readonly client: ClientBase;
  readonly table: Difference['table'];
  /** Tables or selections with a column `id`. */
  readonly live: string;
  readonly second: string;
  readonly columns: readonly string[];
}

async function* compareRanges(tables: Tables): AsyncGenerator<ComparedRange> {
  for (let after: string | null = null; ;) {
    const through = await endOfRange(tables, after);
    yield* compareRange(tables, { after, through });
    if (through === null) return;
    after = through;
  }
}

async function endOfRange({ client, live }: Tables, after: string | null): Promise<string | null> {
  const where = conditionOf({ after, through: null });
  const text = `SELECT id FROM ${live} ${where} ORDER BY id OFFSET ${RANGE_ROWS - 1} LIMIT 1`;
  const { rows } = await client.query<{ id: string }>(text);
  return rows[0]?.id ?? null;
}

async function* compareRange(tables: Tables, range: Range): AsyncGenerator<ComparedRange> {
  const [live, second] = [await digest(tables, tables.live, range), await digest(tables, tables.second, range)];
  if (live.rows !== second.rows || live.hash !== second.hash) {
    for await (const differences of differencesIn(tables, range)) yield { rows: 0, differences };
  }
  yield { rows: live.rows, differences: [] };
}

interface Digest {
  readonly rows: number;
  readonly hash: string;
}

/**
 * The sum does not depend on the order of the rows. Postgres combines the hashes of a record's columns by sums and
 * products only, so a sum over rows would not detect that two rows have exchanged a value: the second hash prevents that.
 */
async function digest({ client, columns }: Tables, table: string, range: Range): Promise<Digest> {
  const hash = `hashint8extended(hash_record_extended(ROW(${columns.join(', ')}), 0), 0)`;
  const text = `SELECT count(*)::int AS rows, coalesce(sum(${hash}), 0)::text AS hash
    FROM ${table} ${conditionOf(range)}`;
  const { rows } = await client.query<Digest>(text);
  return rows[0] ?? { rows: 0, hash: '0' };
}

async function* differencesIn(tables: Tables, range: Range): AsyncGenerator<readonly Difference[]> {
  const { client, table, live, second, columns } = tables;
  for (let after = range.after; ;) {
    const where = conditionOf({ after, through: range.through });
    const select = (from: string) => `SELECT ${columns.join(', ')} FROM ${from} ${where}`;
    const compared = { live: select(live), log: select(second), key: 'id', columns };
    const { rows } = await client.query<DifferenceRow>(differencesStatement(compared, PAGE_ROWS));
    if (rows.length === 0) return;
    yield rows.map((row) => differenceOf(table, row));
    after = rows.at(-1)?.key ?? null;
  }
}

/** The bounds are ids from Postgres, as literals, so that each range gets its own plan. */
function conditionOf({ after, through }: Range): string {
  const conditions = [
    ...(after === null ? [] : [`id > '${after}'`]),
    ...(through === null ? [] : [`id <= '${through}'`]),
  ];
  return conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
}
