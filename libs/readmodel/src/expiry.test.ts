import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { entriesOf, JobEvents } from '../testing/jobEvents.ts';
import { migratedDatabase, type MigratedDatabase } from '../testing/migratedDatabase.ts';
import { openProjection } from '../testing/openProjection.ts';
import { Verifications } from './verify/verifications.ts';

let database: MigratedDatabase;

beforeAll(async () => {
  database = await migratedDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

const periods = { young: '2 days -1 hour', old: '2 days 1 hour', oldest: '62 days 1 hour' };

async function addPeriods(): Promise<void> {
  for (const [type, age] of Object.entries(periods)) {
    await database.query(`INSERT INTO job_statistics
      SELECT unnest(ARRAY['minute', 'hour', 'day']), now() - interval '${age}', '${type}', '', 1, 0, 0, 0, '{}', '{}'`);
  }
}

async function periodsLeft(): Promise<readonly string[]> {
  const rows = await database.query<{ period: string }>(`SELECT type || ' ' || resolution AS period FROM job_statistics
    WHERE type <> 'email' ORDER BY period`);
  return rows.map(({ period }) => period);
}

test('once an hour a batch removes what is too old of the statistics: minutes after two days, hours after 62', async () => {
  const entries = entriesOf(Array.from({ length: 3 }, () => new JobEvents().next('JobCreated')));
  await using projection = await openProjection(database.url);
  await addPeriods();
  await projection.apply(entries.slice(0, 1));
  const left = ['old day', 'old hour', 'oldest day', 'young day', 'young hour', 'young minute'];
  expect(await periodsLeft()).toEqual(left);
  await database.query('DELETE FROM job_statistics');
  await addPeriods();
  await projection.apply(entries.slice(1, 2));
  expect(await periodsLeft()).toHaveLength(9);
  const later = performance.now() + 3_600_000;
  using _clock = vi.spyOn(performance, 'now').mockReturnValue(later);
  await projection.apply(entries.slice(2));
  expect(await periodsLeft()).toEqual(left);
});

test.each<[how: string, end: (verifications: Verifications) => Promise<void>]>([
  ['was requested', (verifications) => verifications.finish('runner', 'equal', {})],
  ['was run by hand', (verifications) => verifications.record('equal', {}, new Date())],
])('when a verification ends that %s, the last hundred stay', async (_how, end) => {
  const verifications = new Verifications({ databaseUrl: database.url, name: 'test', queryMs: 30_000, pauseS: 0 });
  await database.query(`INSERT INTO verifications (id, status, finished_at)
    SELECT gen_random_uuid(), 'equal', now() - n * interval '1 hour' FROM generate_series(1, 150) AS n`);
  await verifications.request({ kind: 'user', id: 'test' });
  await verifications.claim('runner');
  await end(verifications);
  const [kept] = await database.query<{ ended: number; young: boolean }>(`SELECT count(*)::int AS ended,
    bool_and(finished_at > now() - interval '101 hours') AS young FROM verifications WHERE finished_at IS NOT NULL`);
  expect(kept).toEqual({ ended: 100, young: true });
  await verifications.stop();
});
