import { randomUUID } from 'node:crypto';
import { inject } from 'vitest';
import { Client } from 'pg';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The Postgres that all test files of a run share. */
    sharedPostgresUrl: string;
  }
}

/** The database with the tables, of which others are copies. */
const TEMPLATE = 'migrated';

/** Creates an empty database on the shared Postgres of the test run, and returns its URL. */
export function createDatabase(): Promise<string> {
  return withClient((client) => copy(client, 'template1'));
}

/**
 * Creates a database with the tables on the shared Postgres of the test run, and returns its URL.
 *
 * Use it where a test needs the tables and is not about migrating: only the first call of the run calls `migrate`, and
 * all databases are copies of the result.
 */
export function createMigratedDatabase(migrate: (databaseUrl: string) => Promise<unknown>): Promise<string> {
  return withClient(async (client) => {
    if (!(await hasTemplate(client))) await makeTemplate(client, migrate);
    return copy(client, TEMPLATE);
  });
}

async function withClient<Result>(use: (client: Client) => Promise<Result>): Promise<Result> {
  const client = new Client({ connectionString: sharedUrl() });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

/** Copies the files, which takes a third of the CPU time of Postgres's default, to write the copy to its log. */
async function copy(client: Client, template: string): Promise<string> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const strategy = process.env['TEST_POSTGRES'] === '14' ? '' : 'STRATEGY file_copy'; // the only one before 15
  await client.query(`CREATE DATABASE ${name} TEMPLATE ${template} ${strategy}`);
  return sharedUrl(name);
}

async function hasTemplate(client: Client): Promise<boolean> {
  return (await client.query('SELECT FROM pg_database WHERE datname = $1', [TEMPLATE])).rowCount !== 0;
}

/** Several processes run test files: the lock, which ends with the connection, lets one of them make it. */
async function makeTemplate(client: Client, migrate: (databaseUrl: string) => Promise<unknown>): Promise<void> {
  await client.query('SELECT pg_advisory_lock(1)');
  if (!(await hasTemplate(client))) {
    const unfinished = await createDatabase();
    await migrate(unfinished);
    const name = client.escapeIdentifier(new URL(unfinished).pathname.slice(1));
    await client.query(`ALTER DATABASE ${name} RENAME TO ${TEMPLATE}`);
  }
  await client.query('SELECT pg_advisory_unlock(1)');
}

function sharedUrl(database?: string): string {
  const url = new URL(inject('sharedPostgresUrl'));
  if (database !== undefined) url.pathname = `/${database}`;
  return url.href;
}
