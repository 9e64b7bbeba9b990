import { Client } from 'pg';
import type { QueryResultRow } from 'pg';

const TABLES = `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
  WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`;

/** Runs one statement over its own connection to a database, and returns the rows. */
export async function queryDatabase<Row extends QueryResultRow>(
  url: string,
  text: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {}); // the statement that was running rejects as well
  await client.connect();
  try {
    return (await client.query<Row>(text, values)).rows;
  } finally {
    await client.end();
  }
}

/** Returns every row of every table of a database as text, to search for contents that must not be stored. */
export async function dumpTables(databaseUrl: string): Promise<string> {
  const rows: string[] = [];
  for (const { name } of await queryDatabase<{ name: string }>(databaseUrl, TABLES)) {
    const found = await queryDatabase<{ row: string }>(databaseUrl, `SELECT one::text AS row FROM ${name} AS one`);
    rows.push(...found.map(({ row }) => `${name} ${row}`));
  }
  return rows.join('\n');
}

/** Locks a table for reading until the result is disposed of, so that other sessions cannot replace or drop it. */
export async function readTable(url: string, table: string): Promise<AsyncDisposable> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query('BEGIN');
  await client.query(`LOCK TABLE ${client.escapeIdentifier(table)} IN ACCESS SHARE MODE`);
  return { [Symbol.asyncDispose]: () => client.end() };
}
