import { eventually, forEachTest } from '@jobstream/test-support';
import type { Client } from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { JobProjection, PastProjection } from '@jobstream/readmodel';
import { entriesOf, JobEvents } from '../../testing/jobEvents.ts';
import { migratedDatabase } from '../../testing/migratedDatabase.ts';

const database = forEachTest(migratedDatabase);

interface Scans {
  readonly whole: number;
  readonly byKey: number;
}

async function scansOf(table: string): Promise<Scans | undefined> {
  const rows = await database.query(
    `SELECT seq_scan::int AS whole, idx_scan::int AS "byKey" FROM pg_stat_user_tables WHERE relname = '${table}'`,
  );
  return rows[0] as Scans | undefined;
}

test.each([
  ['jobs', () => JobProjection.open(database.url)],
  ['past_jobs', () => PastProjection.open(database.url)],
])('the new table %s is not read as a whole for each batch', async (table, open) => {
  const projection = await open();
  onTestFinished(() => projection.close());
  await projection.tryAcquire();
  const jobs = Array.from({ length: 20 }, () => new JobEvents());
  await projection.apply(entriesOf(jobs.map((job) => job.next('JobCreated'))));
  const before = await scansOf(table);
  const started = jobs.map((job) => job.next('JobStarted'));
  await projection.apply(entriesOf(started, 21));
  const found = async () => expect((await scansOf(table))?.byKey).toBeGreaterThanOrEqual((before?.byKey ?? 0) + 20);
  await eventually(found, { timeoutMs: 30_000 });
  expect((await scansOf(table))?.whole).toBe(before?.whole);
});

test('Postgres compiles no statement of it: keys alone make the estimates of some as high as those of the dearest', async () => {
  const projection = await JobProjection.open(database.url);
  onTestFinished(() => projection.close());
  await projection.tryAcquire();
  const { client } = projection as unknown as { readonly client: Client };
  expect((await client.query('SHOW jit')).rows).toEqual([{ jit: 'off' }]);
});
