import { migrate, ReadModel } from '@jobstream/readmodel';
import { createMigratedDatabase } from '@jobstream/test-support';
import { Client } from 'pg';
import type { QueryResultRow } from 'pg';

/** A new database with the tables, a read model of it, and a connection to query it as a user of psql would. */
export interface MigratedDatabase extends AsyncDisposable {
  readonly url: string;
  readonly readModel: ReadModel;
  /** A read model whose queries reach their limit when they have to wait. */
  readonly impatient: ReadModel;
  query<Row extends QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
}

export async function migratedDatabase(): Promise<MigratedDatabase> {
  const url = await createMigratedDatabase(migrate);
  const client = new Client({ connectionString: url });
  await client.connect();
  const readModel = new ReadModel({ databaseUrl: url, name: 'test', queryMs: 30_000 });
  const impatient = new ReadModel({ databaseUrl: url, name: 'impatient', queryMs: 3_000 });
  return {
    url,
    readModel,
    impatient,
    query: async <Row extends QueryResultRow>(text: string, values: unknown[] = []) =>
      (await client.query<Row>(text, values)).rows,
    async [Symbol.asyncDispose]() {
      await Promise.all([readModel.stop(), impatient.stop()]);
      await client.end();
    },
  };
}
