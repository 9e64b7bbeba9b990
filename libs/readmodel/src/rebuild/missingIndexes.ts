import type { ClientBase } from 'pg';
import { PROJECTION_TABLES } from './projectionTables.ts';

/** An index of a live table that its second table has not got yet. */
export interface MissingIndex {
  readonly name: string;
  readonly statement: string;
}

/** `pg_get_indexdef` names the table in full, so that its schema can be exchanged. */
const MISSING_INDEXES = `
  SELECT i.relname AS name, replace(pg_get_indexdef(indexrelid), format(' ON %I.%I ', $1::text, t.relname),
      format(' ON %I.%I ', $2::text, t.relname)) AS statement
    FROM pg_index JOIN pg_class i ON i.oid = indexrelid JOIN pg_class t ON t.oid = indrelid
    WHERE t.relnamespace = to_regnamespace(quote_ident($1)) AND t.relname = ANY($3)
      AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
      AND NOT EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace(quote_ident($2)) AND relname = i.relname)
    ORDER BY i.relname`;

/** The indexes that the second tables lack; each statement makes one. */
export async function missingIndexes(client: ClientBase, live: string, schema: string): Promise<MissingIndex[]> {
  const { rows } = await client.query<MissingIndex>(MISSING_INDEXES, [live, schema, PROJECTION_TABLES]);
  return rows;
}
