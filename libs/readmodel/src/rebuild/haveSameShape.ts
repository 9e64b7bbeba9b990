import type { ClientBase } from 'pg';
import { PROJECTION_TABLES } from './projectionTables.ts';

const COLUMNS = `
  SELECT string_agg(format('%s.%s %s %s', relname, attname, format_type(atttypid, atttypmod), attnotnull), ', '
      ORDER BY relname, attname) AS shape
    FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
    WHERE relnamespace = to_regnamespace(quote_ident($1)) AND relname = ANY($2) AND attnum > 0 AND NOT attisdropped`;

/** Whether the tables of both schemas have the same columns: a migration in between changes those of one alone. */
export async function haveSameShape(client: ClientBase, one: string, other: string): Promise<boolean> {
  const [left, right] = [await shapeOf(client, one), await shapeOf(client, other)];
  return left === right;
}

async function shapeOf(client: ClientBase, schema: string): Promise<string | null> {
  const { rows } = await client.query<{ shape: string | null }>(COLUMNS, [schema, PROJECTION_TABLES]);
  return rows[0]?.shape ?? null;
}
