import { migrate, ReadModel } from '@jobstream/readmodel';
import { createMigratedDatabase } from '@jobstream/test-support';
import { Client } from 'pg';
import type { QueryResultRow } from 'pg';

/** A new database with the tables, a read model of it, and a connection to query it as a user of psql would. */
export interface MigratedDatabase extends AsyncDisposable {
  readonly url: string;
  readonly readModel: ReadModel;
  query<Row extends QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
}

export async function migratedDatabase(): Promise<MigratedDatabase> {
  const url = await createMigratedDatabase(migrate);
  const client = new Client({ connectionString: url });
  await client.connect();
  const readModel = new ReadModel({ databaseUrl: url, name: 'test', queryMs: 30_000 });
  return {
    url,
    readModel,
    query: async <Row extends QueryResultRow>(text: string, values: unknown[] = []) =>
      (await client.query<Row>(text, values)).rows,
    async [Symbol.asyncDispose]() {
      await readModel.stop();
      await client.end();
    },
  };
}
