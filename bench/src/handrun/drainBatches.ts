import type { JobEvent } from '@jobstream/domain';
import { newId } from '@jobstream/eventlog';
import { JobProjection, migrate, PastProjection } from '@jobstream/readmodel';
import { lifeOfJob } from '@jobstream/test-support';
import { Client } from 'pg';
import { inScratchFolder } from '../inScratchFolder.ts';
import { cpuSeconds } from '../measure/processTree.ts';
import { startPostgres } from '../servers/startPostgres.ts';
import { type HandrunBench, numbersOf } from './handrunBench.ts';

/** Jobs between their start and their end: what a worker with 100 slots has claimed. */
const OPEN_JOBS = 700;
const CREATED_AT_ONCE = 5_000;
const BATCHES = [500, 1_000, 2_500, 5_000, 10_000];

type Projection = Pick<PastProjection, 'tryAcquire' | 'close'> & {
  apply(entries: Parameters<PastProjection['apply']>[0]): Promise<unknown>;
};

interface Table {
  readonly name: string;
  readonly open: (url: string) => Promise<Projection>;
  /** Of the rows of jobs. */
  readonly rows: string;
}

const TABLES: readonly Table[] = [
  { name: 'the table', open: (url) => JobProjection.open(url), rows: 'jobs' },
  { name: 'past states', open: (url) => PastProjection.open(url), rows: 'past_jobs' },
];

/**
 * Jobs that wait are started and completed, as in the drain, and written in batches of some size: the more events of a job a batch
 * has, the fewer times its row is written. At the end without the indexes of the rows, but for the key.
 */
export const drainBatches: HandrunBench = {
  name: 'drain-batches',
  summary: 'What starting and completing a job costs the table and past states, by how many events a batch has.',
  parameters: '[jobs = 100000]',
  async run(args) {
    const [jobs] = numbersOf(args, 100_000);
    for (const table of TABLES) {
      for (const batch of BATCHES) await measure(table, { jobs, batch, hasIndexes: true });
      await measure(table, { jobs, batch: 2_500, hasIndexes: false });
    }
  },
};

interface Plan {
  readonly jobs: number;
  readonly batch: number;
  readonly hasIndexes: boolean;
}

async function measure(table: Table, { jobs, batch, hasIndexes }: Plan): Promise<void> {
  const { waiting, drained } = eventsOf(jobs);
  await inScratchFolder(async (folder) => {
    const postgres = await startPostgres(folder);
    const { address: url, processes } = postgres;
    const usedByPostgres = () => cpuSeconds(...Object.values(processes)) * 1e6;
    try {
      await migrate(url);
      if (!hasIndexes) await dropIndexes(url, table.rows);
      const projection = await table.open(url);
      await projection.tryAcquire();
      await applyAll(projection, waiting, { after: 0, batch: CREATED_AT_ONCE });
      const [server, own] = [usedByPostgres(), process.cpuUsage()];
      await applyAll(projection, drained, { after: waiting.length, batch });
      const { user, system } = process.cpuUsage(own);
      const figures = [usedByPostgres() - server, user + system].map((micros) => (micros / jobs).toFixed(1));
      await projection.close();
      const without = hasIndexes ? '' : ', without indexes but the key';
      console.log(`${table.name}, ${batch} events a batch${without}: Postgres ${figures.join(', process ')} µs a job`);
    } finally {
      await postgres.stop();
    }
  });
}

/** Jobs without tags; each is completed when 700 later ones have started. */
function eventsOf(jobs: number): { readonly waiting: readonly JobEvent[]; readonly drained: readonly JobEvent[] } {
  const lives = Array.from({ length: jobs }, () => lifeOfJob(newId()));
  const at = (job: number, event: number) => lives[job]?.slice(event, event + 1) ?? [];
  return {
    waiting: lives.flatMap(untagged),
    drained: Array.from({ length: jobs + OPEN_JOBS }, (_, job) => [...at(job, 1), ...at(job - OPEN_JOBS, 2)]).flat(),
  };
}

function untagged([created]: readonly JobEvent[]): JobEvent[] {
  return created?.event === 'JobCreated' ? [{ ...created, data: { ...created.data, tags: [] } }] : [];
}

async function applyAll(
  projection: Projection,
  events: readonly JobEvent[],
  { after, batch }: { readonly after: number; readonly batch: number },
): Promise<void> {
  for (let start = 0; start < events.length; start += batch) {
    const sequence = after + start + 1;
    await projection.apply(
      events.slice(start, start + batch).map((event, index) => {
        return { kind: 'event', sequence: sequence + index, recordedAt: event.at, event } as const;
      }),
    );
  }
}

async function dropIndexes(url: string, rows: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows: indexes } = await client.query<{ name: string }>(
    `SELECT indexname AS name FROM pg_indexes WHERE tablename = $1 AND indexname NOT LIKE '%_pkey'`,
    [rows],
  );
  for (const { name } of indexes) await client.query(`DROP INDEX ${name}`);
  await client.end();
}
