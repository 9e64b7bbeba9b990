import { Client } from 'pg';
import { expect, test } from 'vitest';
import { migratedDatabase } from '../../testing/migratedDatabase.ts';
import { createSecondTables } from '../secondTables/createSecondTables.ts';
import { compareSteps } from './compareJobs.ts';

const ids = [1, 2].map((n) => `00000000-0000-0000-0000-00000000000${n}`);

/** Two jobs of one step each, in both sets of tables. */
async function compared() {
  const database = await migratedDatabase();
  const client = new Client({ connectionString: database.url });
  await client.connect();
  await createSecondTables(client, { live: 'public', schema: 'second' });
  for (const id of ids)
    await client.query(`INSERT INTO job_steps (job_id, name, key, attempt, ended_at, duration_ms)
      VALUES ('${id}', 'approval', '', 1, '2026-01-01', 0)`);
  await client.query('INSERT INTO second.job_steps SELECT * FROM job_steps');
  return {
    client,
    async differing(): Promise<string[]> {
      const found: string[] = [];
      for await (const { differences } of compareSteps(client, { live: 'public', second: 'second' }))
        found.push(...differences.map(({ table, key, problem }) => `${table} ${key} ${problem}`));
      return found;
    },
    async [Symbol.asyncDispose]() {
      await client.end();
      await database[Symbol.asyncDispose]();
    },
  };
}

test('a job is found whose steps differ in any of their columns, or that lacks one', async () => {
  await using both = await compared();
  expect(await both.differing()).toEqual([]);
  const { rows } = await both.client.query<{ name: string; type: string }>(
    "SELECT attname AS name, format_type(atttypid, NULL) AS type FROM pg_attribute WHERE attrelid = 'job_steps'::regclass AND attnum > 1",
  );
  const values: Readonly<Record<string, string>> = {
    text: "'other'",
    jsonb: "'{}'",
    integer: '2',
    'double precision': '3',
  };
  for (const { name, type } of rows) {
    await both.client.query('BEGIN');
    await both.client.query(`UPDATE job_steps SET ${name} = ${values[type] ?? 'now()'} WHERE job_id = '${ids[1]}'`);
    expect([name, await both.differing()]).toEqual([name, [`job_steps ${ids[1]} different`]]);
    await both.client.query('ROLLBACK');
  }
  await both.client.query(`DELETE FROM second.job_steps WHERE job_id = '${ids[0]}'`);
  expect(await both.differing()).toEqual([`job_steps ${ids[0]} extra`]);
});
