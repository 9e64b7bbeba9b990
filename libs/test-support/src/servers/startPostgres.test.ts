import { Client } from 'pg';
import { expect, test } from 'vitest';
import { chosenServers } from '../containers/chosenServers.ts';
import { createDatabase } from '../createDatabase.ts';
import { startPostgres } from './startPostgres.ts';

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

test('each call creates a separate empty database on the shared server', async () => {
  const [one, other] = [await createDatabase(), await createDatabase()];
  await query(one, 'CREATE TABLE jobs (id int)');
  expect(await query(one, 'SELECT * FROM jobs')).toEqual([]);
  await expect(query(other, 'SELECT * FROM jobs')).rejects.toThrow('does not exist');
});

test('a database stores any Unicode text', async () => {
  const rows = await query(await createDatabase(), `SELECT upper('æ日本') AS text`);
  expect(rows).toEqual([{ text: 'Æ日本' }]);
});

test('a private server keeps committed data after a kill -9', async () => {
  await using postgres = await startPostgres();
  await query(postgres.url, 'CREATE TABLE kept AS SELECT 1 AS one');
  await postgres.kill('SIGKILL');
  await expect(query(postgres.url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
  await postgres.restart();
  expect(await query(postgres.url, 'SELECT * FROM kept')).toEqual([{ one: 1 }]);
});

test('a connection without the password is refused', async () => {
  const url = new URL(await createDatabase());
  url.password = 'wrong';
  await expect(query(url.href, 'SELECT 1')).rejects.toThrow('password authentication failed');
});

// A container has that of its image.
test.runIf(chosenServers() === undefined)('the servers of a run have the version that it asks for', async () => {
  const asked = process.env['TEST_POSTGRES'] ?? '18';
  expect(await query(await createDatabase(), 'SHOW server_version')).toMatchObject([
    { server_version: expect.stringMatching(new RegExp(`^${asked}\\.`)) },
  ]);
});
