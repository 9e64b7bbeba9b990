/**
 * How the size of the table shows: `node libs/readmodel/bench/size.ts [out.json] [sizes]`, 10,000, 1,000,000 and 10,000,000
 * finished jobs unless told (the last needs 10 GB of disk). Asks what the API asks, at each size; medians of rounds that go
 * through all questions in turn; and how many blocks Postgres looks at for it, which other work on the machine does not change.
 * Writes JSON, from which the section in docs/measurements/benchmarks.md is made.
 */
import { writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { migrate, ReadModel } from '@jobstream/readmodel';
import { guardOfThisProcess, startPostgres } from '@jobstream/testing';
import { Client } from 'pg';
import { encodeCursor } from '../src/jobs/cursor.ts';
import { jobColumns } from '../src/jobs/jobRow.ts';
import type { JobListQuery } from '../src/jobs/listJobs.ts';
import { pageStatement } from '../src/jobs/pageStatement.ts';
import { fillJobs } from './fillJobs.ts';

interface Figure {
  readonly question: string;
  readonly p50: number;
  readonly p99: number;
  /** Blocks of 8 KB that Postgres looks at. */
  readonly blocks: number | undefined;
}

interface Question {
  readonly question: string;
  readonly ask: () => Promise<unknown>;
  readonly statement?: { readonly text: string; readonly values: readonly unknown[] };
}

const ROUNDS = 200;
const WARM_UP = 50;
const PAGE = 50;
/** Rows before the 1,000th page; where there are not so many, the last page is asked for. */
const DEEP = 999 * PAGE;
const FILTERS: readonly Omit<JobListQuery, 'limit'>[] = [
  {},
  { type: 'webhook' },
  { status: 'failed' },
  { tag: 'customer-5' },
];
const STATISTICS = `INSERT INTO job_statistics SELECT 'minute', now() - n * interval '1 minute', type, '', 100, 100, 1, 3,
    '{"16": 40, "17": 30, "18": 20, "20": 8, "30": 2}', '{"0": 90, "3": 5, "5": 3, "9": 2}'
  FROM generate_series(0, 2900) n, unnest(ARRAY['email', 'webhook', 'report']) AS type`;

const [out = 'size.json', sizes = '10000,1000000,10000000'] = process.argv.slice(2);
await using postgres = await startPostgres({ fsync: 'off', max_wal_size: '8GB' }); // it is filled once and then only read
await migrate(postgres.url);
const client = new Client({ connectionString: postgres.url });
await client.connect();
const readModel = new ReadModel({ databaseUrl: postgres.url, name: 'bench' });
await client.query(STATISTICS);
const results: { jobs: number; figures: Figure[] }[] = [];
let filled = 0;
for (const jobs of sizes.split(',').map(Number)) {
  await fillJobs(client, filled + 1, jobs);
  filled = jobs;
  results.push({ jobs, figures: await measure(await questions()) });
  console.log(JSON.stringify(results.at(-1)));
}
const machine = { cpus: cpus().length, load: loadavg()[0], date: new Date().toISOString().slice(0, 10) };
await writeFile(out, `${JSON.stringify({ machine, rounds: ROUNDS, results }, null, 2)}\n`);
await readModel.stop();
await client.end();
await guardOfThisProcess().stop();
process.exit();

async function questions(): Promise<Question[]> {
  const ids = (await client.query<{ id: string }>('SELECT id FROM jobs ORDER BY random() LIMIT 2000')).rows;
  const pages: Question[] = [];
  for (const filter of FILTERS) {
    const name = JSON.stringify(filter).replaceAll('"', '');
    const cursor = await deepCursor(filter);
    for (const [page, query] of [
      ['first', { ...filter, limit: PAGE }],
      ['1,000th', { ...filter, limit: PAGE, cursor }],
    ] as const) {
      const statement = pageStatement(jobColumns, query);
      pages.push({ question: `${page} page ${name}`, ask: () => readModel.listJobs(query), statement });
    }
  }
  const now = Date.now();
  const hour = {
    resolution: 'minute',
    from: new Date(now - 3_600_000).toISOString(),
    to: new Date(now).toISOString(),
  } as const;
  let next = 0;
  return [
    {
      question: 'job by id',
      ask: () => readModel.findJob(ids[next++ % ids.length]?.id ?? ''),
      statement: { text: `SELECT ${jobColumns} FROM jobs WHERE id = $1`, values: [ids[0]?.id] },
    },
    ...pages,
    { question: 'counts', ask: () => readModel.countJobs() },
    { question: 'statistics of an hour', ask: () => readModel.readStatistics(hour) },
  ];
}

async function deepCursor({ type, status, tag }: Omit<JobListQuery, 'limit'>): Promise<string | undefined> {
  const where = `($1::text IS NULL OR type = $1) AND ($2::text IS NULL OR status = $2) AND ($3::text IS NULL OR tags @> ARRAY[$3])`;
  const values = [type ?? null, status ?? null, tag ?? null];
  const { rows } = await client.query<{ id: string; createdAt: Date }>(
    `SELECT id, created_at AS "createdAt" FROM (SELECT id, created_at FROM jobs WHERE ${where}
      ORDER BY created_at DESC, id DESC LIMIT ${DEEP}) AS before ORDER BY created_at, id OFFSET ${PAGE} LIMIT 1`,
    values,
  );
  const [row] = rows;
  return row && encodeCursor({ id: row.id, createdAt: row.createdAt.toISOString() });
}

async function measure(asked: readonly Question[]): Promise<Figure[]> {
  const times = new Map<string, number[]>(asked.map(({ question }) => [question, []]));
  for (let round = 0; round < ROUNDS + WARM_UP; round++) {
    for (const { question, ask } of asked) {
      const began = performance.now();
      await ask();
      if (round >= WARM_UP) times.get(question)?.push(performance.now() - began);
    }
  }
  const figures: Figure[] = [];
  for (const { question, statement } of asked) {
    const sorted = (times.get(question) ?? []).toSorted((one, other) => one - other);
    const at = (share: number) => Number((sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(2));
    figures.push({ question, p50: at(0.5), p99: at(0.99), blocks: statement && (await blocksOf(statement)) });
  }
  return figures;
}

type Plan = Readonly<Record<'Shared Hit Blocks' | 'Shared Read Blocks', number>>;

async function blocksOf({ text, values }: NonNullable<Question['statement']>): Promise<number> {
  const explained = await client.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
    `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`,
    [...values],
  );
  const plan = explained.rows[0]?.['QUERY PLAN'][0].Plan;
  return (plan?.['Shared Hit Blocks'] ?? 0) + (plan?.['Shared Read Blocks'] ?? 0);
}
