import { createDatabase, eventually } from '@jobstream/test-support';
import { Client } from 'pg';
import { expect, test } from 'vitest';
import { SchemaMismatchError } from '../errors.ts';
import { undoMigrations } from '../../testing/undoMigrations.ts';
import { migrate } from './migrate.ts';
import { migrationNames } from './migrations.ts';
import { ReadModel } from '../readModel.ts';

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

async function startReadModel(databaseUrl: string): Promise<void> {
  const readModel = new ReadModel({ databaseUrl, name: 'test', queryMs: 30_000 });
  try {
    await readModel.start();
  } finally {
    await readModel.stop();
  }
}

test('several processes may migrate at once, and each migration is run once', async () => {
  const url = await createDatabase();
  await Promise.all([migrate(url), migrate(url), migrate(url)]);
  const rows = await query(url, 'SELECT name FROM schema_migrations ORDER BY id');
  expect(rows).toEqual((await migrationNames()).map((name) => ({ name })));
  await expect(startReadModel(url)).resolves.toBeUndefined();
});

test('a database that was never migrated is rejected with the command to run', async () => {
  const url = await createDatabase();
  const start = startReadModel(url);
  await expect(start).rejects.toThrow(SchemaMismatchError);
  await expect(start).rejects.toThrow('has not been run; the command migrate does it');
});

test('a database that a newer release has migrated is accepted', async () => {
  const url = await createDatabase();
  await migrate(url);
  await query(url, `INSERT INTO schema_migrations (name, run_on) VALUES ('9999_future', now())`);
  await expect(startReadModel(url)).resolves.toBeUndefined();
});

/** As it was before the migration that adds `retired_before`. */
const TAKE_BACK = undoMigrations('0007');
const WAITING = `SELECT FROM pg_stat_activity
  WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%ADD COLUMN retired_before%'`;
const READ = `SET statement_timeout = '20s'; SELECT FROM projection_checkpoints`;

test('a migration blocked by a long transaction lets readers pass, and runs when that has ended', async () => {
  const url = await createDatabase();
  await migrate(url);
  await query(url, TAKE_BACK);
  const reader = new Client({ connectionString: url });
  await reader.connect();
  await reader.query('BEGIN; SELECT FROM projection_checkpoints');
  const migrating = migrate(url);
  try {
    await eventually(async () => expect(await query(url, WAITING)).toHaveLength(1));
    await query(url, READ);
  } finally {
    await reader.end();
  }
  await migrating;
  await expect(startReadModel(url)).resolves.toBeUndefined();
});

test('migrating without Postgres is rejected as unavailable', async () => {
  await expect(migrate('postgres://127.0.0.1:1/jobstream')).rejects.toMatchObject({ code: 'READ_MODEL_UNAVAILABLE' });
});
