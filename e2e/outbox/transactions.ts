import { drizzle } from 'drizzle-orm/node-postgres';
import type { SqlTransaction } from '@jobstream/client';
import { Kysely, PostgresDialect } from 'kysely';
import { Client, Pool } from 'pg';
import postgres from 'postgres';
import { DataSource } from 'typeorm';

/** Opens a transaction of a library, passes it to `work`, and commits unless that rejects. */
export type InTransaction = <Result>(
  url: string,
  work: (transaction: SqlTransaction) => Promise<Result>,
) => Promise<Result>;

/** The libraries whose transactions take jobs. */
export const libraries: Readonly<Record<string, InTransaction>> = {
  pg: async (url, work) => {
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      await client.query('BEGIN');
      const result = await work(client);
      await client.query('COMMIT');
      return result;
    } finally {
      await client.end();
    }
  },
  'postgres.js': async (url, work) => {
    const sql = postgres(url, { max: 1 });
    try {
      return (await sql.begin((tx) => work(tx))) as Awaited<ReturnType<typeof work>>;
    } finally {
      await sql.end();
    }
  },
  drizzle: async (url, work) => {
    const pool = new Pool({ connectionString: url });
    try {
      return await drizzle({ client: pool }).transaction((tx) => work(tx));
    } finally {
      await pool.end();
    }
  },
  kysely: async (url, work) => {
    const database = new Kysely({ dialect: new PostgresDialect({ pool: new Pool({ connectionString: url }) }) });
    try {
      return await database.transaction().execute((tx) => work(tx));
    } finally {
      await database.destroy();
    }
  },
  TypeORM: async (url, work) => {
    const source = await new DataSource({ type: 'postgres', url }).initialize();
    try {
      return await source.transaction((manager) => work(manager));
    } finally {
      await source.destroy();
    }
  },
};
