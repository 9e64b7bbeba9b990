import { migrate } from '@jobstream/readmodel';
import { startPostgres } from '@jobstream/test-support';
import { Client } from 'pg';
import { percentiles } from '../measure/percentiles.ts';
import { fillJobs } from './fillJobs.ts';
import { type HandrunBench, numbersOf } from './handrunBench.ts';

const BATCH = 5_000;
const ROUNDS = 5;
const PARTITIONS = 10;
const LOOKUPS = 2_000;

const DELETE = `DELETE FROM jobs WHERE id IN (SELECT id FROM jobs ORDER BY created_at, id LIMIT $1)`;

/**
 * A tenth of the jobs is deleted in batches and as many new ones are added, round after round: does the table keep its size?
 * Beside it, the same rows in ten partitions by time, of which the oldest is dropped; and what partitions cost a look-up by id.
 */
export const ageOut: HandrunBench = {
  name: 'age-out',
  summary: 'What it costs to delete old jobs in batches, beside dropping a partition.',
  parameters: '[jobs = 1000000]',
  async run(args) {
    const [jobs] = numbersOf(args, 1_000_000);
    await using postgres = await startPostgres();
    await migrate(postgres.url);
    const client = new Client({ connectionString: postgres.url });
    await client.connect();
    await fillJobs(client, 1, jobs);
    console.log(`${jobs} jobs: ${await size(client, 'jobs')}`);
    await deleteInBatches(client, jobs);
    await dropPartition(client, jobs / PARTITIONS);
    await client.end();
  },
};

async function deleteInBatches(client: Client, jobs: number): Promise<void> {
  const share = jobs / PARTITIONS;
  for (let round = 1; round <= ROUNDS; round++) {
    const { ms, bytes } = await spentIn(client, async () => {
      for (let deleted = 0; deleted < share; deleted += BATCH) await client.query(DELETE, [BATCH]);
    });
    await client.query('VACUUM jobs');
    await fillJobs(client, jobs + (round - 1) * share + 1, jobs + round * share);
    const perJob = `${((ms * 1_000) / share).toFixed(1)} µs and ${Math.round(bytes / share)} bytes of WAL a job`;
    console.log(`round ${round}: ${share} deleted in batches, ${perJob}; as many added; ${await size(client, 'jobs')}`);
  }
}

async function dropPartition(client: Client, share: number): Promise<void> {
  await client.query(`CREATE TABLE parted (LIKE jobs INCLUDING DEFAULTS) PARTITION BY RANGE (created_at)`);
  await client.query('ALTER TABLE parted ADD PRIMARY KEY (id, created_at)');
  for (let part = 0; part < PARTITIONS; part++) {
    const [from, to] = [part, part + 1].map(
      (one) => `'2026-01-01'::timestamptz + ${(ROUNDS + one) * share + 1} * interval '50 ms'`,
    );
    const { rows } = await client.query<{ bounds: string }>(
      `SELECT format('FROM (%L) TO (%L)', ${from}, ${to}) AS bounds`,
    );
    await client.query(`CREATE TABLE parted_${part} PARTITION OF parted FOR VALUES ${rows[0]?.bounds}`);
  }
  await client.query('INSERT INTO parted SELECT * FROM jobs');
  await client.query('VACUUM ANALYZE parted');
  const [one, ten] = [await lookup(client, 'jobs'), await lookup(client, 'parted')];
  console.log(`by id: ${one.toFixed(3)} ms in one table, ${ten.toFixed(3)} ms in ${PARTITIONS} partitions by time`);
  const { ms, bytes } = await spentIn(client, () => client.query('DROP TABLE parted_0'));
  console.log(`a partition of ${share} dropped in ${ms.toFixed(0)} ms, ${bytes} bytes of WAL in all`);
}

async function lookup(client: Client, table: string): Promise<number> {
  const { rows } = await client.query<{ id: string }>(
    `SELECT id FROM ${table} TABLESAMPLE SYSTEM (1) LIMIT ${LOOKUPS}`,
  );
  const times: number[] = [];
  for (const { id } of rows) {
    const began = performance.now();
    await client.query({ name: `by id ${table}`, text: `SELECT * FROM ${table} WHERE id = $1`, values: [id] });
    times.push(performance.now() - began);
  }
  return percentiles(times)?.p50 ?? Number.NaN;
}

async function size(client: Client, table: string): Promise<string> {
  const { rows } = await client.query<{ heap: string; indexes: string }>(
    `SELECT pg_size_pretty(pg_table_size($1)) AS heap, pg_size_pretty(pg_indexes_size($1)) AS indexes`,
    [table],
  );
  return `table ${rows[0]?.heap}, indexes ${rows[0]?.indexes}`;
}

async function spentIn(client: Client, work: () => Promise<unknown>): Promise<{ ms: number; bytes: number }> {
  const [began, wal] = [performance.now(), await walBytes(client)];
  await work();
  return { ms: performance.now() - began, bytes: (await walBytes(client)) - wal };
}

async function walBytes(client: Client): Promise<number> {
  const { rows } = await client.query<{ wal: number }>(
    `SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8 AS wal`,
  );
  return rows[0]?.wal ?? 0;
}
