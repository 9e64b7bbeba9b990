import type { JobEvent } from '@jobstream/domain';
import { newId } from '@jobstream/eventlog';
import { JobProjection, migrate } from '@jobstream/readmodel';
import { lifeOfJob, startPostgres } from '@jobstream/test-support';
import { Client } from 'pg';
import { type HandrunBench, numbersOf } from './handrunBench.ts';

interface Figures {
  readonly wal: number;
  readonly updated: number;
  readonly hot: number;
}

interface Variant {
  readonly name: string;
  readonly fillfactor: number;
  readonly jobs: number;
}

const AT_ONCE = 200;
const FILLFACTORS = [80, 60];

/**
 * Jobs are created, started, report progress and complete, each step in a batch of its own, as at a low load. For several
 * fillfactors, with all indexes and without those on the status: Postgres updates a row in place (HOT) only when no column
 * changes that any index mentions, and when the page has room.
 */
export const hotUpdates: HandrunBench = {
  name: 'hot-updates',
  summary: 'What an update of a job costs Postgres: share of updates in place, WAL and disk a job.',
  parameters: '[jobs = 20000]',
  async run(args) {
    const [jobs] = numbersOf(args, 20_000);
    await using postgres = await startPostgres();
    await migrate(postgres.url);
    const client = new Client({ connectionString: postgres.url });
    await client.connect();
    for (const fillfactor of FILLFACTORS)
      await measure(client, postgres.url, { name: 'all indexes', fillfactor, jobs });
    const { rows: indexes } = await client.query<{ name: string }>(
      `SELECT indexname AS name FROM pg_indexes WHERE tablename = 'jobs' AND indexdef LIKE '%status%'`,
    );
    for (const { name } of indexes) await client.query(`DROP INDEX ${name}`);
    for (const fillfactor of FILLFACTORS)
      await measure(client, postgres.url, { name: 'without the indexes on the status', fillfactor, jobs });
    await client.end();
  },
};

async function measure(client: Client, url: string, { name, fillfactor, jobs }: Variant): Promise<void> {
  await client.query(`ALTER TABLE jobs SET (fillfactor = ${fillfactor})`);
  await client.query('TRUNCATE jobs');
  const before = await figures(client);
  await project(url, jobs);
  await client.query('SELECT pg_stat_force_next_flush(), pg_sleep(1.5)'); // the statistics of the other session
  const after = await figures(client);
  const [updated, hot, wal] = [after.updated - before.updated, after.hot - before.hot, after.wal - before.wal];
  const share = ((100 * hot) / updated).toFixed(0);
  await client.query('VACUUM jobs');
  const { rows } = await client.query<{ bytes: number }>(`SELECT pg_total_relation_size('jobs')::float8 AS bytes`);
  const sizes = `${Math.round(wal / jobs)} bytes of WAL and ${Math.round((rows[0]?.bytes ?? 0) / jobs)} of disk a job`;
  console.log(`${name}, fillfactor ${fillfactor}: ${share} % of ${updated} updates in place, ${sizes}`);
}

async function project(url: string, jobs: number): Promise<void> {
  const projection = await JobProjection.open(url);
  await projection.tryAcquire();
  for (let made = 0; made < jobs; made += AT_ONCE) {
    const lives = Array.from({ length: AT_ONCE }, lifeWithProgress);
    for (const step of [0, 1, 2, 3]) {
      const from = projection.lastSequence + 1;
      const events = lives.flatMap((life) => life.slice(step, step + 1));
      await projection.apply(
        events.map((event, index) => ({ kind: 'event', sequence: from + index, recordedAt: event.at, event })),
      );
    }
  }
  await projection.close();
}

function lifeWithProgress(): JobEvent[] {
  const [created, started, completed] = lifeOfJob(newId()) as [JobEvent, JobEvent, JobEvent];
  const data = { attempt: 1, percent: 50 };
  const progressed: JobEvent = { ...started, id: newId(), version: 3, event: 'JobProgressed', data };
  return [created, started, progressed, { ...completed, version: 4 }];
}

async function figures(client: Client): Promise<Figures> {
  const { rows } = await client.query<Figures>(`SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8 AS wal,
    n_tup_upd::int AS updated, n_tup_hot_upd::int AS hot FROM pg_stat_user_tables WHERE relname = 'jobs'`);
  return rows[0] ?? { wal: 0, updated: 0, hot: 0 };
}
