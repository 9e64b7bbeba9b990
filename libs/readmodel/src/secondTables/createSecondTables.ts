import type { ClientBase } from 'pg';
import { CHECKPOINTS, PROJECTION_TABLES } from './projectionTables.ts';

export interface SecondTablesPlace {
  /** The schema of the live tables. */
  readonly live: string;
  /** The schema to create. */
  readonly schema: string;
  /** Unlogged tables are faster, but empty after a crash of Postgres. */
  readonly unlogged?: boolean;
}

interface Addition {
  readonly statement: string;
}

/** What LIKE leaves out: storage parameters, constraints with an index, and privileges. */
const ADDITIONS = `
  SELECT format('ALTER TABLE %I.%I SET (%s)', $2::text, relname, array_to_string(reloptions, ', ')) AS statement
    FROM pg_class WHERE oid = $1::regclass AND reloptions IS NOT NULL
  UNION ALL
  SELECT format('ALTER TABLE %I.%I ADD CONSTRAINT %I %s', $2::text, relname, conname, pg_get_constraintdef(c.oid))
    FROM pg_constraint c JOIN pg_class t ON t.oid = conrelid WHERE conrelid = $1::regclass AND contype IN ('p', 'u', 'x')
  UNION ALL
  SELECT format('GRANT %s ON %I.%I TO %s', privilege_type, $2::text, relname,
      CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END)
    FROM pg_class CROSS JOIN aclexplode(relacl) WHERE pg_class.oid = $1::regclass AND grantee <> relowner`;

/**
 * Creates a schema with empty tables like the live ones, with no indexes but their keys, which makes filling them
 * faster. Inside a transaction of the caller.
 */
export async function createSecondTables(client: ClientBase, place: SecondTablesPlace): Promise<void> {
  const { live, schema, unlogged = false } = place;
  await client.query(`CREATE SCHEMA ${client.escapeIdentifier(schema)}`);
  for (const table of [...PROJECTION_TABLES, CHECKPOINTS]) {
    const [original, copy] = [live, schema].map((name) => `${client.escapeIdentifier(name)}.${table}`);
    const kind = unlogged ? 'UNLOGGED TABLE' : 'TABLE';
    await client.query(`CREATE ${kind} ${copy} (LIKE ${original} INCLUDING ALL EXCLUDING INDEXES)`);
    const { rows } = await client.query<Addition>(ADDITIONS, [original, schema]);
    for (const { statement } of rows) await client.query(statement);
  }
}
