import { queryDatabase } from './queryDatabase.ts';

const TABLES = `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
  WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`;

/** Every row of every table of a database as text, as somebody sees it who got hold of a copy. */
export async function dumpTables(databaseUrl: string): Promise<string> {
  const rows: string[] = [];
  for (const { name } of await queryDatabase<{ name: string }>(databaseUrl, TABLES)) {
    const found = await queryDatabase<{ row: string }>(databaseUrl, `SELECT one::text AS row FROM ${name} AS one`);
    rows.push(...found.map(({ row }) => `${name} ${row}`));
  }
  return rows.join('\n');
}
