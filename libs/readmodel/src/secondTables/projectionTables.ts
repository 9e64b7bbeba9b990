import type { ClientBase } from 'pg';

/** The tables that the projection of jobs is made of, all of them built from the log alone. */
export const PROJECTION_TABLES = [
  'jobs',
  'job_search',
  'job_steps',
  'job_counts',
  'job_statistics',
  'job_statistics_gaps',
  'quarantined_messages',
] as const;

/** Second tables have a checkpoint of their own in their schema. */
export const CHECKPOINTS = 'projection_checkpoints';

/** The schema in which a rebuild or a rollback prepares the tables that replace the live ones. */
export const NEXT_SCHEMA = 'jobstream_next';

/** The schema of the tables that were live before the last swap. */
export const PREVIOUS_SCHEMA = 'jobstream_previous';

/** The schema in which a verification folds the log. */
export const VERIFY_SCHEMA = 'jobstream_verify';

/** An index of a live table that its second table lacks. */
interface MissingIndex {
  readonly name: string;
  readonly statement: string;
}

/** `pg_get_indexdef` qualifies the name of the table, so that its schema can be replaced. */
const MISSING_INDEXES = `
  SELECT i.relname AS name, replace(pg_get_indexdef(indexrelid), format(' ON %I.%I ', $1::text, t.relname),
      format(' ON %I.%I ', $2::text, t.relname)) AS statement
    FROM pg_index JOIN pg_class i ON i.oid = indexrelid JOIN pg_class t ON t.oid = indrelid
    WHERE t.relnamespace = to_regnamespace(quote_ident($1)) AND t.relname = ANY($3)
      AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
      AND NOT EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace(quote_ident($2)) AND relname = i.relname)
    ORDER BY i.relname`;

/** The indexes that the second tables lack, each with the statement that creates it. */
export async function missingIndexes(client: ClientBase, live: string, schema: string): Promise<MissingIndex[]> {
  const { rows } = await client.query<MissingIndex>(MISSING_INDEXES, [live, schema, PROJECTION_TABLES]);
  return rows;
}

const SHAPE = `
  WITH tables AS (SELECT oid, relname, reloptions FROM pg_class
      WHERE relnamespace = to_regnamespace(quote_ident($1)) AND relname = ANY($2)),
    lines AS (
      SELECT format('%s.%s %s %s', relname, attname, format_type(atttypid, atttypmod), attnotnull) AS line
        FROM tables JOIN pg_attribute ON attrelid = tables.oid WHERE attnum > 0 AND NOT attisdropped
      UNION ALL
      SELECT format('%s WITH %s', relname, option) FROM tables CROSS JOIN unnest(reloptions) option
      UNION ALL
      SELECT format('%s %s', relname, pg_get_constraintdef(c.oid)) FROM tables JOIN pg_constraint c ON conrelid = tables.oid
        WHERE contype IN ('c', 'p', 'u', 'x'))
  SELECT string_agg(line, ', ' ORDER BY line) AS shape FROM lines`;

/**
 * Whether the tables of both schemas have the same columns, constraints and storage parameters, that is, whether no
 * migration has changed one set alone. Indexes are not compared, since second tables get them last.
 */
export async function haveSameShape(client: ClientBase, one: string, other: string): Promise<boolean> {
  const [left, right] = [await shapeOf(client, one), await shapeOf(client, other)];
  return left === right;
}

async function shapeOf(client: ClientBase, schema: string): Promise<string | null> {
  const { rows } = await client.query<{ shape: string | null }>(SHAPE, [schema, PROJECTION_TABLES]);
  return rows[0]?.shape ?? null;
}

const DEPENDENTS = `
  WITH tables AS (
    SELECT oid FROM pg_class WHERE relnamespace = to_regnamespace(quote_ident($1)) AND relname = ANY($2))
  SELECT pg_describe_object('pg_class'::regclass, ev_class, 0) AS name
    FROM pg_depend JOIN pg_rewrite ON classid = 'pg_rewrite'::regclass AND objid = pg_rewrite.oid
    WHERE refclassid = 'pg_class'::regclass AND refobjid IN (SELECT oid FROM tables)
  UNION SELECT pg_describe_object('pg_trigger'::regclass, oid, 0)
    FROM pg_trigger WHERE tgrelid IN (SELECT oid FROM tables) AND NOT tgisinternal
  UNION SELECT pg_describe_object('pg_constraint'::regclass, oid, 0)
    FROM pg_constraint WHERE contype = 'f' AND (SELECT array_agg(oid) FROM tables) && ARRAY[conrelid, confrelid]
  ORDER BY 1`;

/** Views, triggers and foreign keys on the live tables: they would stay with the old tables after a swap. */
export async function dependentsOf(client: ClientBase, live: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(DEPENDENTS, [live, PROJECTION_TABLES]);
  return rows.map(({ name }) => name);
}
