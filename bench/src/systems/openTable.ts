import { Client } from 'pg';

/** Connects to the database with the table of a system; undefined for one without. */
export async function openTable(databaseUrl: string | undefined): Promise<Client | undefined> {
  if (databaseUrl === undefined) return undefined;
  const table = new Client({ connectionString: databaseUrl });
  await table.connect();
  return table;
}
