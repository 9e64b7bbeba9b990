import type { ClientBase } from 'pg';
import { PROJECTION_TABLES } from './projectionTables.ts';

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

/** Views, triggers and foreign keys on the live tables: they would stay with the old ones when those are replaced. */
export async function dependentsOf(client: ClientBase, live: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(DEPENDENTS, [live, PROJECTION_TABLES]);
  return rows.map(({ name }) => name);
}
