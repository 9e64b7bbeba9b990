import type { JobEvent } from '@jobstream/domain';
import { newId } from '@jobstream/eventlog';
import { JobProjection, type JobSearch, migrate, ReadModel, type SearchPaths } from '@jobstream/readmodel';
import { lifeOfJob, startPostgres } from '@jobstream/test-support';
import { Client } from 'pg';
import { percentileText } from '../measure/percentiles.ts';
import { cpuSeconds } from '../measure/processTree.ts';
import { fillJobs } from './fillJobs.ts';
import { type HandrunBench, numbersOf } from './handrunBench.ts';

const SETTINGS = { fsync: 'off', max_wal_size: '8GB' };
/** Of the jobs of `fillJobs` three fifths are of this type. */
const TYPE = 'email';
/** A customer has a hundred jobs of the type; a number one, a kind a third. */
const FILL = `INSERT INTO job_search (job_id, path, job_type, value, job_created_at)
  SELECT id, path, type, value, created_at FROM jobs, LATERAL (VALUES
    ('customer', 'customer-' || last_sequence % ($1::int * 3)), ('number', last_sequence::text), ('kind', 'kind-' || last_sequence % 9 / 3)
  ) AS named(path, value) ORDER BY created_at, path`;
const SIZE = `SELECT pg_total_relation_size('job_search') / count(*) AS bytes FROM job_search`;
const PATHS: SearchPaths = new Map([['email', ['customer', 'order.id']]]);
const JOBS_A_ROUND = 20_000;
const JOBS_A_BATCH = 1_666;
const ROUNDS = 5;

export const search: HandrunBench = {
  name: 'search',
  summary: 'How long a search by a named path takes, and what two named paths cost the projector and the disk.',
  parameters: '[jobs = 1000000] [rounds = 500]',
  async run(args) {
    const [jobs, rounds] = numbersOf(args, 1_000_000, 500);
    await using postgres = await startPostgres(SETTINGS);
    await migrate(postgres.url);
    const client = new Client({ connectionString: postgres.url });
    client.on('error', () => {}); // of a server that is stopped after a failure
    await client.connect();
    await measureProjection(client, postgres);
    await client.query('TRUNCATE jobs, job_search, job_counts, job_statistics');
    await fillJobs(client, 1, jobs);
    const customers = Math.max(1, Math.round((jobs * 3) / 5 / 100));
    await client.query('DROP INDEX job_search_values');
    await client.query(FILL, [customers]);
    await client.query(
      'CREATE INDEX job_search_values ON job_search (job_type, path, value, job_created_at DESC, job_id DESC)',
    );
    await client.query('VACUUM (ANALYZE) job_search');
    console.log(`${JSON.stringify((await client.query(SIZE)).rows[0])} of disk a value`);
    await measureSearches(new ReadModel({ databaseUrl: postgres.url, name: 'bench' }), { customers, jobs, rounds });
    await client.end();
  },
};

interface Scale {
  readonly customers: number;
  readonly jobs: number;
  readonly rounds: number;
}

async function measureSearches(readModel: ReadModel, { customers, jobs, rounds }: Scale): Promise<void> {
  let next = 0;
  const customer = (): JobSearch => ({
    path: 'customer',
    operator: '=',
    value: `customer-${((next += 7) * 3) % (customers * 3)}`,
  });
  const listed = (...conditions: JobSearch[]) => readModel.listJobs({ limit: 50, type: TYPE, search: conditions });
  await measure('equality that 100 jobs have', rounds, () => listed(customer()));
  const kind: JobSearch = { path: 'kind', operator: '=', value: 'kind-1' };
  await measure('equality that a third of the jobs has', rounds, () => listed(kind));
  await measure('equality that 100 jobs have, with another', rounds, () => listed(customer(), kind));
  await measure('range of numbers', 5, () => listed({ path: 'number', operator: '>=', value: String(jobs * 2) }));
  await measure('beginning of a text', 5, () => listed({ path: 'customer', operator: '^=', value: 'customer-1' }));
  await readModel.stop();
}

async function measure(question: string, rounds: number, ask: () => Promise<{ readonly items: readonly unknown[] }>) {
  const times: number[] = [];
  let found = 0;
  for (let round = 0; round < rounds; round++) {
    const began = performance.now();
    try {
      found = (await ask()).items.length;
    } catch (error) {
      return console.log(`${question}: refused (${error instanceof Error ? error.message : String(error)})`);
    }
    times.push(performance.now() - began);
  }
  console.log(`${question}: ${percentileText(times)}, ${times.length} times, ${found} jobs on the page`);
}

/** Rounds without and with paths take turns, since other work on the machine changes what a second is worth. */
async function measureProjection(
  client: Client,
  postgres: { readonly url: string; readonly pid: number | undefined },
): Promise<void> {
  const all = { without: [] as Cost[], with: [] as Cost[] };
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, paths] of [
      ['without', new Map()],
      ['with', PATHS],
    ] as const) {
      const cost = await project(client, postgres, paths);
      if (round > 0) all[name].push(cost);
    }
  }
  for (const [name, costs] of Object.entries(all)) {
    const median = (pick: (cost: Cost) => number) =>
      costs.map(pick).toSorted((one, other) => one - other)[ROUNDS >> 1] ?? 0;
    const [own, server, wal] = [median((cost) => cost.own), median((cost) => cost.server), median((cost) => cost.wal)];
    console.log(
      `projecting a job ${name} paths: ${own.toFixed(1)} µs of the projector, ${server.toFixed(1)} of Postgres, ${wal.toFixed(0)} bytes of WAL`,
    );
  }
}

/** For one job: processor time in µs, and bytes. */
interface Cost {
  readonly own: number;
  readonly server: number;
  readonly wal: number;
}

async function project(
  client: Client,
  { url, pid = 0 }: { readonly url: string; readonly pid: number | undefined },
  paths: SearchPaths,
): Promise<Cost> {
  const projection = await JobProjection.open(url, undefined, paths);
  await projection.tryAcquire();
  let sequence = projection.lastSequence;
  const batches = Array.from({ length: JOBS_A_ROUND / JOBS_A_BATCH }, () =>
    Array.from({ length: JOBS_A_BATCH }, life)
      .flat()
      .map((event) => ({ kind: 'event', sequence: (sequence += 1), recordedAt: event.at, event }) as const),
  );
  const [own, server, wal] = [process.cpuUsage(), cpuSeconds(pid), await position(client)];
  await Promise.all(batches.map((batch) => projection.apply(batch)));
  const { user, system } = process.cpuUsage(own);
  const jobs = batches.length * JOBS_A_BATCH;
  const cost = { own: user + system, server: (cpuSeconds(pid) - server) * 1e6, wal: (await position(client)) - wal };
  await projection.close();
  return { own: cost.own / jobs, server: cost.server / jobs, wal: cost.wal / jobs };
}

let made = 0;

function life(): JobEvent[] {
  const [created, ...others] = lifeOfJob(newId()) as [JobEvent, ...JobEvent[]];
  made += 1;
  const payload = { customer: `customer-${made % 200}`, order: { id: made } };
  return [{ ...created, data: { ...created.data, payload } } as JobEvent, ...others];
}

async function position(client: Client): Promise<number> {
  const { rows } = await client.query<{ wal: number }>(
    `SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8 AS wal`,
  );
  return rows[0]?.wal ?? 0;
}
