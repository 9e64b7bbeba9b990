import type { JobEvent } from '@jobstream/domain';
import { migrate, PastProjection, type PastQuery, ReadModel } from '@jobstream/readmodel';
import { lifeOfJob, startPostgres } from '@jobstream/test-support';
import { Client } from 'pg';
import { percentileText } from '../measure/percentiles.ts';
import { type HandrunBench, numbersOf } from './handrunBench.ts';

/** The tables are filled once and then only read. */
const SETTINGS = { fsync: 'off', max_wal_size: '8GB', shared_buffers: '512MB' };

/** Places of the log for each job: they are created one after the other, and start and end behind others. */
const STEP = 6;

/**
 * Each job is created, started and ended: after a hundred and a thousand others; one of twenty is of a type that was paused, and
 * waits behind 200,000. One of a hundred fails. So at any moment a thousand jobs run or wait, and ten thousand are held up.
 */
const JOBS = `SELECT md5(n::text)::uuid AS job_id, n * ${STEP} AS first_sequence, tags,
    CASE WHEN is_slow THEN 'report' ELSE (ARRAY['email', 'email', 'webhook'])[1 + n % 3] END AS type,
    CASE WHEN n % 100 = 7 THEN 'failed' ELSE 'completed' END AS status,
    CASE WHEN is_slow THEN (n + 200000) * ${STEP} + 3 ELSE (n + 100) * ${STEP} + 1 END AS started,
    CASE WHEN is_slow THEN (n + 200500) * ${STEP} + 4 ELSE (n + 1000) * ${STEP} + 2 END AS ended
  FROM (SELECT n, n % 20 = 0 AS is_slow, CASE WHEN n % 5 = 0 THEN ARRAY['customer-' || n % 1000] ELSE '{}' END AS tags
    FROM generate_series($1::bigint, $2::bigint) AS n) AS shaped`;

const FILL_JOBS = `INSERT INTO past_jobs (job_id, first_sequence, type, tags, status, since, version, attempt, max_attempts)
  SELECT job_id, first_sequence, type, tags, status, ended, 3, 1, 5 FROM (${JOBS}) AS job WHERE status <> 'completed'`;

const FILL_CHANGES = `INSERT INTO past_changes (sequence, at, job_id, first_sequence, type, tags, status, left_status, since)
  SELECT sequence, timestamptz '2026-01-01' + sequence * interval '10 ms', job_id, first_sequence, type, tags, entered, left_status,
    since
  FROM (${JOBS}) AS job, LATERAL (VALUES (first_sequence, 'pending', NULL, NULL::bigint),
    (started, 'processing', 'pending', first_sequence), (ended, status, 'processing', started))
    AS change(sequence, entered, left_status, since)`;

const FILL_COUNTS = `INSERT INTO past_counts (chunk, tenant, type, status, delta)
  SELECT sequence / 16384, '', type, status, sum(delta) FROM (
    SELECT sequence, type, status, 1 AS delta FROM past_changes
    UNION ALL SELECT sequence, type, left_status, -1 FROM past_changes WHERE left_status IS NOT NULL) AS changed
  GROUP BY 1, 2, 3, 4 HAVING sum(delta) <> 0`;

const PART = 200_000;

const LISTS: readonly Omit<PastQuery, 'sequence' | 'limit'>[] = [
  {},
  { type: ['webhook'] },
  { status: ['processing'] },
  { status: ['pending'], type: ['report'] },
  { status: ['failed'] },
  { status: ['retrying'] },
  { status: ['failed', 'processing'], type: ['email', 'webhook'] },
  { tag: ['customer-35'] },
];

export const asOf: HandrunBench = {
  name: 'as-of',
  summary: 'How long lists and counts of past moments take, what their tables need, and what the follower costs.',
  parameters: '[jobs = 3333334] [rounds = 100]',
  async run(args) {
    const [jobs, rounds] = numbersOf(args, 3_333_334, 100);
    await using postgres = await startPostgres(SETTINGS);
    await migrate(postgres.url);
    const client = new Client({ connectionString: postgres.url });
    client.on('error', () => {}); // of a server that is stopped after a failure
    await client.connect();
    await measureFollower(postgres.url, client);
    await fill(client, jobs);
    await reportSizes(client, jobs * 3);
    const readModel = new ReadModel({ databaseUrl: postgres.url, name: 'bench' });
    await measureReads(readModel, jobs * STEP, rounds);
    await readModel.stop();
    await client.end();
  },
};

const BATCH = 1_000;
const FOLLOWED = 100_000;

/** Whole lives, as in a backlog: batches of the size that the follower takes, three events of a job in one. */
async function measureFollower(databaseUrl: string, client: Client): Promise<void> {
  // Before it connects: Postgres ends the session of a process that is busy with something else for ten seconds.
  const events = Array.from({ length: FOLLOWED / 3 }, () => lifeOfJob(crypto.randomUUID())).flat();
  const projection = await PastProjection.open(databaseUrl);
  await projection.tryAcquire();
  const before = await walBytes(client);
  const [began, cpu] = [performance.now(), process.cpuUsage()];
  for (let start = 0; start < events.length; start += BATCH) {
    await projection.apply(
      events.slice(start, start + BATCH).flatMap((event, index) => entryOf(event, start + index + 1)),
    );
  }
  const { user, system } = process.cpuUsage(cpu);
  const perEvent = (figure: number) => (figure / events.length).toFixed(1);
  console.log(
    `follower: ${perEvent((performance.now() - began) * 1_000)} µs an event, ${perEvent(user + system)} µs of them in this process; ` +
      `${perEvent((await walBytes(client)) - before)} bytes of WAL`,
  );
  await projection.clear();
  await projection.close();
}

function entryOf(event: JobEvent, sequence: number) {
  return [{ kind: 'event', sequence, recordedAt: event.at, event } as const];
}

async function walBytes(client: Client): Promise<number> {
  const { rows } = await client.query<{ bytes: string }>(`SELECT pg_current_wal_lsn() - '0/0' AS bytes`);
  return Number(rows[0]?.bytes);
}

/** By SQL, with the indexes made at the end; a follower would take as long as for so many events. */
async function fill(client: Client, jobs: number): Promise<void> {
  const began = performance.now();
  const { rows } = await client.query<{ name: string; definition: string }>(
    `SELECT indexname AS name, indexdef AS definition FROM pg_indexes
      WHERE tablename IN ('past_jobs', 'past_changes') AND indexname NOT LIKE '%_pkey'`,
  );
  for (const { name } of rows) await client.query(`DROP INDEX ${name}`);
  for (let first = 1; first <= jobs; first += PART) {
    const range = [first, Math.min(jobs, first + PART - 1)];
    await client.query(FILL_JOBS, range);
    await client.query(FILL_CHANGES, range);
  }
  await client.query(FILL_COUNTS);
  for (const { definition } of rows) await client.query(definition);
  for (const table of ['past_jobs', 'past_changes', 'past_counts']) await client.query(`VACUUM (ANALYZE) ${table}`);
  console.log(
    `${jobs * 3} events of ${jobs} jobs filled by SQL in ${Math.round((performance.now() - began) / 1_000)} s`,
  );
}

async function reportSizes(client: Client, events: number): Promise<void> {
  const { rows } = await client.query<{ name: string; bytes: string }>(
    `SELECT relname AS name, pg_total_relation_size(oid) AS bytes FROM pg_class WHERE relname IN ('past_jobs', 'past_changes', 'past_counts')`,
  );
  const total = rows.reduce((sum, { bytes }) => sum + Number(bytes), 0);
  for (const { name, bytes } of rows) console.log(`${name}: ${Math.round(Number(bytes) / 1e6)} MB`);
  console.log(`${Math.round(total / events)} bytes an event, indexes included`);
}

async function measureReads(readModel: ReadModel, end: number, rounds: number): Promise<void> {
  for (const list of LISTS) {
    await measure(`first page of ${JSON.stringify(list)}`, rounds, () =>
      readModel.listPastJobs({ ...list, sequence: momentBefore(end), limit: 50 }),
    );
  }
  await measure('counts by type and status', rounds, () => readModel.countPastJobs(momentBefore(end)));
  await measure('the place of a time in the log', rounds, () =>
    readModel.pastSequenceAt(new Date(Date.UTC(2026, 0, 1) + momentBefore(end) * 10).toISOString()),
  );
}

/** Any but the first tenth, in which not all that happens has begun. */
function momentBefore(end: number): number {
  return Math.floor(end * (0.1 + 0.9 * Math.random()));
}

async function measure(question: string, rounds: number, ask: () => Promise<unknown>): Promise<void> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const began = performance.now();
    await ask();
    times.push(performance.now() - began);
    if (times.length >= 5 && times.reduce((sum, time) => sum + time) > 20_000) break;
  }
  console.log(
    `${question}: ${percentileText(times)}, slowest ${Math.max(...times).toFixed(1)} ms, ${times.length} times`,
  );
}
