import { Client } from 'pg';

/** Reads a table in a transaction that lasts until it is disposed of: so long nobody can replace or drop the table. */
export async function readTable(url: string, table: string): Promise<AsyncDisposable> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query('BEGIN');
  await client.query(`LOCK TABLE ${client.escapeIdentifier(table)} IN ACCESS SHARE MODE`);
  return { [Symbol.asyncDispose]: () => client.end() };
}
