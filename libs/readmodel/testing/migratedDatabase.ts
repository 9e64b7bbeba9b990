import { migrate } from '@jobstream/readmodel';
import { createDatabase } from '@jobstream/testing';
import { Client } from 'pg';
import type { QueryResultRow } from 'pg';

/** A fresh database with our tables and a second connection to look at them, as a user of psql would. */
export interface MigratedDatabase extends AsyncDisposable {
  readonly url: string;
  query<Row extends QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
}

export async function migratedDatabase(): Promise<MigratedDatabase> {
  const url = await createDatabase();
  await migrate(url);
  const client = new Client({ connectionString: url });
  await client.connect();
  return {
    url,
    query: async <Row extends QueryResultRow>(text: string, values: unknown[] = []) =>
      (await client.query<Row>(text, values)).rows,
    [Symbol.asyncDispose]: () => client.end(),
  };
}
