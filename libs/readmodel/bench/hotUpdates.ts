/**
 * What an update of a job costs Postgres: `node libs/readmodel/bench/hotUpdates.ts [jobs]`. Jobs are created, started, report
 * progress and complete, each step in a batch of its own, as at a low load. For several fillfactors, once with all indexes and
 * once without those that know the status: Postgres updates a row in place (HOT) only when no column changes that any index
 * mentions, and when the page has room.
 */
import { randomUUIDv7 } from 'node:crypto';
import { JobProjection, migrate } from '@jobstream/readmodel';
import { guardOfThisProcess, startPostgres } from '@jobstream/testing';
import { Client } from 'pg';
import { entriesOf, JobEvents } from '../testing/jobEvents.ts';

interface Figures {
  readonly wal: number;
  readonly updated: number;
  readonly hot: number;
}

const AT_ONCE = 200;
const FILLFACTORS = [80, 60];
const steps = ['JobCreated', 'JobStarted', 'JobProgressed', 'JobCompleted'] as const;
const jobs = Number(process.argv[2] ?? 20_000);

await using postgres = await startPostgres();
await migrate(postgres.url);
const client = new Client({ connectionString: postgres.url });
await client.connect();
await runAll('all indexes');
const { rows: indexes } = await client.query<{ name: string }>(
  `SELECT indexname AS name FROM pg_indexes WHERE tablename = 'jobs' AND indexdef LIKE '%status%'`,
);
for (const { name } of indexes) await client.query(`DROP INDEX ${name}`);
await runAll('without the indexes that know the status');
await client.end();
await guardOfThisProcess().stop();
process.exit();

async function runAll(what: string): Promise<void> {
  for (const fillfactor of FILLFACTORS) await run(`${what}, fillfactor ${fillfactor}`, fillfactor);
}

async function run(what: string, fillfactor: number): Promise<void> {
  await client.query(`ALTER TABLE jobs SET (fillfactor = ${fillfactor})`);
  await client.query('TRUNCATE jobs');
  const before = await figures();
  const projection = await JobProjection.open(postgres.url);
  await projection.tryAcquire();
  for (let made = 0; made < jobs; made += AT_ONCE) {
    const some = Array.from({ length: AT_ONCE }, () => new JobEvents({ jobId: randomUUIDv7() }));
    for (const step of steps) {
      await projection.apply(
        entriesOf(
          some.map((job) => job.next(step)),
          projection.lastSequence + 1,
        ),
      );
    }
  }
  await projection.close();
  await client.query('SELECT pg_stat_force_next_flush(), pg_sleep(1.5)'); // the statistics of the other session
  const after = await figures();
  const [updated, hot, wal] = [after.updated - before.updated, after.hot - before.hot, after.wal - before.wal];
  const share = ((100 * hot) / updated).toFixed(0);
  await client.query('VACUUM jobs');
  const { rows } = await client.query<{ bytes: number }>(`SELECT pg_total_relation_size('jobs')::float8 AS bytes`);
  const sizes = `${Math.round(wal / jobs)} bytes of WAL and ${Math.round((rows[0]?.bytes ?? 0) / jobs)} of disk a job`;
  console.log(`${what}: ${share} % of ${updated} updates in place, ${sizes}`);
}

async function figures(): Promise<Figures> {
  const { rows } = await client.query<Figures>(`SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8 AS wal,
    n_tup_upd::int AS updated, n_tup_hot_upd::int AS hot FROM pg_stat_user_tables WHERE relname = 'jobs'`);
  return rows[0] ?? { wal: 0, updated: 0, hot: 0 };
}
