import { Client } from 'pg';
import { forEachTest } from '@jobstream/test-support';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { migratedDatabase } from '../../testing/migratedDatabase.ts';
import { compareJobs } from './compareJobs.ts';
import { createSecondTables } from '../secondTables/createSecondTables.ts';
import type { Difference } from './difference.ts';

/** More than two ranges. */
const ROWS = 45_000;

const database = forEachTest(migratedDatabase);
let client: Client;

beforeEach(async () => {
  client = new Client({ connectionString: database.url });
  await client.connect();
  await createSecondTables(client, { live: 'public', schema: 'second' });
  await client.query(`INSERT INTO jobs (id, type, status, payload, attempt, max_attempts, backoff, timeout_ms, created_at,
      updated_at, tags, version, last_sequence)
    SELECT lpad(to_hex(n), 32, '0')::uuid, 'email', 'pending', '{}', 0, 3, '{}', 1, now(), now(), '{}', 1, n
      FROM generate_series(1, ${ROWS}) n`);
  // In another order: what is compared must not depend on where rows lie.
  await client.query('INSERT INTO second.jobs SELECT * FROM jobs ORDER BY md5(id::text)');
});

afterEach(async () => {
  await client.end();
});

function id(n: number): string {
  const hex = n.toString(16).padStart(32, '0');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

async function compare(except: readonly string[] = []): Promise<{ rows: number; differences: Difference[] }> {
  let rows = 0;
  const differences: Difference[] = [];
  for await (const range of compareJobs(client, { live: 'public', second: 'second', except })) {
    rows += range.rows;
    differences.push(...range.differences);
  }
  return { rows, differences };
}

/** Gives types to the first two rows. */
async function giveTypes(table: string, first: string, second: string): Promise<void> {
  await client.query(
    `UPDATE ${table} SET type = CASE id WHEN '${id(1)}' THEN '${first}' ELSE '${second}' END WHERE id <= '${id(2)}'`,
  );
}

test('equal rows in any order are equal', async () => {
  expect(await compare()).toEqual({ rows: ROWS, differences: [] });
});

test('each row that differs is found, in whatever range, and at both ends', async () => {
  await client.query(
    `UPDATE jobs SET version = 2 WHERE id IN ('${id(1)}', '${id(20_000)}', '${id(20_001)}', '${id(ROWS)}')`,
  );
  await client.query(`DELETE FROM jobs WHERE id = '${id(30_000)}'`);
  await client.query(`DELETE FROM second.jobs WHERE id = '${id(30_001)}'`);
  const found = (await compare()).differences.map(({ key, problem, field }) => [key, problem, field]);
  expect(found).toEqual([
    [id(1), 'different', 'version'],
    [id(20_000), 'different', 'version'],
    [id(20_001), 'different', 'version'],
    [id(30_000), 'missing', 'id'],
    [id(30_001), 'extra', 'id'],
    [id(ROWS), 'different', 'version'],
  ]);
});

test('rows after the last live one are found as well', async () => {
  await client.query(`UPDATE second.jobs SET id = '${id(ROWS + 7)}' WHERE id = '${id(5)}'`);
  const found = (await compare()).differences.map(({ key, problem }) => [key, problem]);
  expect(found).toEqual([
    [id(5), 'extra'],
    [id(ROWS + 7), 'missing'],
  ]);
});

test('two rows that have exchanged a value are not equal, whatever the value', async () => {
  for (let n = 0; n < 10; n += 1) {
    await giveTypes('jobs', `a${n}`, `b${n}`);
    await giveTypes('second.jobs', `b${n}`, `a${n}`);
    expect((await compare()).differences).toHaveLength(2);
  }
});

test('columns that may differ are left out', async () => {
  await client.query('UPDATE jobs SET worker = id::text');
  expect((await compare(['worker'])).differences).toEqual([]);
  await client.query(`UPDATE jobs SET attempt = 7 WHERE id = '${id(9)}'`);
  expect((await compare(['worker'])).differences).toMatchObject([{ field: 'attempt', live: '7', log: '0' }]);
});
