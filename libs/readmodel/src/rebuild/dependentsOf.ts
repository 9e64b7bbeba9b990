import type { ClientBase } from 'pg';
import { PROJECTION_TABLES } from './projectionTables.ts';

const DEPENDENTS = `
  SELECT DISTINCT pg_describe_object(d.classid, d.objid, 0) AS name
    FROM pg_depend d JOIN pg_class t ON d.refclassid = 'pg_class'::regclass AND d.refobjid = t.oid
    WHERE t.relnamespace = to_regnamespace(quote_ident($1)) AND t.relname = ANY($2) AND d.deptype = 'n'
      AND d.classid IN ('pg_rewrite'::regclass, 'pg_trigger'::regclass, 'pg_constraint'::regclass)
  UNION SELECT pg_describe_object('pg_trigger'::regclass, pg_trigger.oid, 0)
    FROM pg_trigger JOIN pg_class t ON tgrelid = t.oid
    WHERE t.relnamespace = to_regnamespace(quote_ident($1)) AND t.relname = ANY($2) AND NOT tgisinternal`;

/** Views, triggers and foreign keys on the live tables: they would stay with the old ones when those are replaced. */
export async function dependentsOf(client: ClientBase, live: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(DEPENDENTS, [live, PROJECTION_TABLES]);
  return rows.map(({ name }) => name);
}
