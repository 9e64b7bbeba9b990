import { type JobListQuery, migrate, ReadModel } from '@jobstream/readmodel';
import { startPostgres } from '@jobstream/test-support';
import { Client } from 'pg';
import { percentileText } from '../measure/percentiles.ts';
import { fillJobs } from './fillJobs.ts';
import { type HandrunBench, numbersOf } from './handrunBench.ts';

/** The table is filled once and then only read. */
const SETTINGS = { fsync: 'off', max_wal_size: '8GB' };
const DAY = { from: '2026-01-01T00:00:00.000Z', to: '2026-01-02T00:00:00.000Z' };

/** One of ten jobs has failed, with one of a hundred errors, most after more than a second. */
const FAIL = `UPDATE jobs SET status = 'failed', result = NULL, finished_at = finished_at + last_sequence % 1009 * interval '10 ms', failure = substr(md5(type || last_sequence % 101), 1, 16),
    error = jsonb_build_object('name', 'Error', 'code', 'E' || last_sequence % 101, 'message', 'no route to ' || last_sequence)
  WHERE last_sequence % 10 = 0`;

/** The same with no column: the message is normalised when it is asked for. */
const GROUP_BY_MESSAGE = `SELECT type, error->>'name', error->>'code', count(*), min(finished_at), max(finished_at),
    regexp_replace(regexp_replace(regexp_replace(error->>'message', '''[^'']*''|"[^"]*"', '<text>', 'g'),
      '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', '<id>', 'g'), '[0-9]+([.,:][0-9]+)*', '<n>', 'g')
  FROM jobs WHERE status = 'failed' AND finished_at >= '${DAY.from}' AND finished_at < '${DAY.to}' GROUP BY 1, 2, 3, 7`;

const LISTS: readonly Omit<JobListQuery, 'limit'>[] = [
  {},
  { sort: 'oldest' },
  { status: ['failed', 'cancelled'] },
  { type: ['webhook', 'report'], status: ['failed', 'completed'] },
  { status: 'failed', errorCode: 'E7' },
  { worker: 'worker-1' },
  { worker: 'worker-none' },
  { startedAfter: DAY.from, startedBefore: '2026-01-01T00:00:01.000Z' },
  { sort: 'longest' },
  { sort: 'longest', status: 'failed' },
  { failure: 'a group' },
];

export const listing: HandrunBench = {
  name: 'listing',
  summary:
    'How long lists by each filter and sort take, and the groups of failures, of which there are a tenth as many as jobs.',
  parameters: '[jobs = 1000000] [rounds = 200]',
  async run(args) {
    const [jobs, rounds] = numbersOf(args, 1_000_000, 200);
    await using postgres = await startPostgres(SETTINGS);
    await migrate(postgres.url);
    const client = new Client({ connectionString: postgres.url });
    client.on('error', () => {}); // of a server that is stopped after a failure
    await client.connect();
    await fillJobs(client, 1, jobs);
    await client.query(FAIL);
    await client.query('VACUUM (ANALYZE) jobs');
    const readModel = new ReadModel({ databaseUrl: postgres.url, name: 'bench' });
    const failure = await someGroup(client);
    await measureLists(readModel, failure, rounds);
    await measure('what fails together in a group', rounds, () =>
      readModel.readSharedTraits({ failure, from: DAY.from }),
    );
    await measure('failures of a day', rounds, () =>
      readModel.readFailures({ from: DAY.from, resolution: 'hour', limit: 50 }),
    );
    await measure('failures of a day of a type', rounds, () =>
      readModel.readFailures({ from: DAY.from, type: ['webhook'], resolution: 'hour', limit: 50 }),
    );
    await measure('failures of a day, messages normalised by the query', 5, () => client.query(GROUP_BY_MESSAGE));
    await readModel.stop();
    await client.end();
  },
};

async function someGroup(client: Client): Promise<string> {
  const { rows } = await client.query<{ failure: string }>(
    'SELECT failure FROM jobs WHERE failure IS NOT NULL LIMIT 1',
  );
  return rows[0]?.failure ?? '';
}

async function measureLists(readModel: ReadModel, failure: string, rounds: number): Promise<void> {
  for (const list of LISTS) {
    const query = { ...list, limit: 50, ...(list.failure === undefined ? {} : { failure }) };
    await measure(`first page of ${JSON.stringify(list)}`, rounds, () => readModel.listJobs(query));
  }
}

async function answered(ask: () => Promise<unknown>): Promise<boolean> {
  try {
    await ask();
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'QUERY_TOO_EXPENSIVE') return false;
    throw error;
  }
}

async function measure(question: string, rounds: number, ask: () => Promise<unknown>): Promise<void> {
  const times: number[] = [];
  for (let round = -Math.ceil(rounds / 10); round < rounds; round++) {
    const began = performance.now();
    if (!(await answered(ask))) return console.log(`${question}: refused as too expensive`);
    if (round >= 0) times.push(performance.now() - began);
    if (times.length >= 5 && times.reduce((sum, time) => sum + time) > 20_000) break;
  }
  console.log(`${question}: ${percentileText(times)}, ${times.length} times`);
}
