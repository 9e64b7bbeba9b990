import { cpus, loadavg } from 'node:os';
import { type JobListQuery, migrate, ReadModel } from '@jobstream/readmodel';
import { startPostgres } from '@jobstream/test-support';
import { Client } from 'pg';
import { percentiles } from '../measure/percentiles.ts';
import type { SizeFigure } from '../report/sizeSection.ts';
import { saveResults } from '../results.ts';
import { fillJobs } from './fillJobs.ts';
import type { HandrunBench } from './handrunBench.ts';

interface Question {
  readonly question: string;
  readonly ask: () => Promise<unknown>;
}

const ROUNDS = 200;
const WARM_UP = 50;
const PAGE = 50;
/** Pages before the one that is asked for as the 1,000th; where there are fewer, the last page is. */
const DEEP = 999;
const FILTERS: readonly Omit<JobListQuery, 'limit'>[] = [
  {},
  { type: 'webhook' },
  { status: 'failed' },
  { tag: 'customer-5' },
];
const STATISTICS = `INSERT INTO job_statistics SELECT 'minute', now() - n * interval '1 minute', type, '', 100, 100, 1, 3,
    '{"16": 40, "17": 30, "18": 20, "20": 8, "30": 2}', '{"0": 90, "3": 5, "5": 3, "9": 2}'
  FROM generate_series(0, 2900) n, unnest(ARRAY['email', 'webhook', 'report']) AS type`;
/** The table is filled once and then only read. */
const SETTINGS = { fsync: 'off', max_wal_size: '8GB', shared_preload_libraries: 'pg_stat_statements' };
const BLOCKS = `SELECT sum(shared_blks_hit + shared_blks_read)::int AS blocks FROM pg_stat_statements
  WHERE query NOT LIKE '%pg_stat_statements%'`;

/**
 * Asks what the API asks of the table, at each size: in rounds that go through all questions in turn. How many blocks
 * Postgres reads for a question does not depend on other work on the machine, as times do.
 */
export const tableSize: HandrunBench = {
  name: 'table-size',
  summary: 'How the size of the table shows in what the API asks of it; writes bench/results/size.json for the report.',
  parameters: '[sizes = 10000,1000000,10000000, of which the last needs 10 GB of disk]',
  async run([sizes = '10000,1000000,10000000']) {
    await using postgres = await startPostgres(SETTINGS);
    await migrate(postgres.url);
    const client = new Client({ connectionString: postgres.url });
    await client.connect();
    await client.query('CREATE EXTENSION pg_stat_statements');
    await client.query(STATISTICS);
    const readModel = new ReadModel({ databaseUrl: postgres.url, name: 'bench' });
    const results: { jobs: number; figures: SizeFigure[] }[] = [];
    let filled = 0;
    for (const jobs of sizes.split(',').map(Number)) {
      await fillJobs(client, filled + 1, jobs);
      filled = jobs;
      results.push({ jobs, figures: await measure(client, await questions(client, readModel)) });
      console.log(JSON.stringify(results.at(-1)));
    }
    const machine = { cpus: cpus().length, load: loadavg()[0], date: new Date().toISOString().slice(0, 10) };
    await saveResults('size', false, { machine, rounds: ROUNDS, results });
    await readModel.stop();
    await client.end();
  },
};

async function questions(client: Client, readModel: ReadModel): Promise<Question[]> {
  const ids = (await client.query<{ id: string }>('SELECT id FROM jobs ORDER BY random() LIMIT 2000')).rows;
  const pages: Question[] = [];
  for (const filter of FILTERS) {
    const name = JSON.stringify(filter).replaceAll('"', '');
    const first = { ...filter, limit: PAGE };
    const deep = { ...first, cursor: await deepCursor(readModel, first) };
    pages.push({ question: `first page ${name}`, ask: () => readModel.listJobs(first) });
    pages.push({ question: `1,000th page ${name}`, ask: () => readModel.listJobs(deep) });
  }
  const now = Date.now();
  const [from, to] = [now - 3_600_000, now].map((ms) => new Date(ms).toISOString()) as [string, string];
  let next = 0;
  return [
    { question: 'job by id', ask: () => readModel.findJob(ids[next++ % ids.length]?.id ?? '') },
    ...pages,
    { question: 'counts', ask: () => readModel.countJobs() },
    { question: 'statistics of an hour', ask: () => readModel.readStatistics({ resolution: 'minute', from, to }) },
  ];
}

async function deepCursor(readModel: ReadModel, query: JobListQuery): Promise<string | undefined> {
  let cursor: string | undefined;
  for (let page = 0; page < DEEP; page += 1) {
    const { nextCursor } = await readModel.listJobs({ ...query, cursor });
    if (nextCursor === null) break;
    cursor = nextCursor;
  }
  return cursor;
}

async function measure(client: Client, asked: readonly Question[]): Promise<SizeFigure[]> {
  const times = new Map<string, number[]>(asked.map(({ question }) => [question, []]));
  for (let round = 0; round < ROUNDS + WARM_UP; round++) {
    for (const { question, ask } of asked) {
      const began = performance.now();
      await ask();
      if (round >= WARM_UP) times.get(question)?.push(performance.now() - began);
    }
  }
  const figures: SizeFigure[] = [];
  for (const { question, ask } of asked) {
    const { p50 = 0, p99 = 0 } = percentiles(times.get(question) ?? []) ?? {};
    const [short50, short99] = [p50, p99].map((ms) => Number(ms.toFixed(2))) as [number, number];
    figures.push({ question, p50: short50, p99: short99, blocks: await blocksOf(client, ask) });
  }
  return figures;
}

async function blocksOf(client: Client, ask: Question['ask']): Promise<number> {
  await client.query('SELECT pg_stat_statements_reset()');
  await ask();
  return (await client.query<{ blocks: number }>(BLOCKS)).rows[0]?.blocks ?? 0;
}
