import type { ClientBase } from 'pg';
import { PROJECTION_TABLES } from './projectionTables.ts';

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
 * Whether the tables of both schemas have the same columns, constraints and storage parameters: a migration in between
 * changes those of one alone. Not the indexes, which second tables get last.
 */
export async function haveSameShape(client: ClientBase, one: string, other: string): Promise<boolean> {
  const [left, right] = [await shapeOf(client, one), await shapeOf(client, other)];
  return left === right;
}

async function shapeOf(client: ClientBase, schema: string): Promise<string | null> {
  const { rows } = await client.query<{ shape: string | null }>(SHAPE, [schema, PROJECTION_TABLES]);
  return rows[0]?.shape ?? null;
}
