import { Client } from 'pg';
import type { QueryResultRow } from 'pg';

/** Runs one statement on a database as a user of psql would, over a connection of its own, and returns the rows. */
export async function queryDatabase<Row extends QueryResultRow>(
  url: string,
  text: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(text, values)).rows;
  } finally {
    await client.end();
  }
}
