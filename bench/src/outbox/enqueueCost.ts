import { Client } from 'pg';
import { type HandrunBench, numbersOf } from '../handrun/handrunBench.ts';
import { inScratchFolder } from '../inScratchFolder.ts';
import { installPeers } from '../installPeers.ts';
import { startPostgres } from '../servers/startPostgres.ts';
import { type Enqueuer, enqueuers } from './enqueuers.ts';

const WARM_UP = 500;
const NOT_PEERS: ReadonlySet<string> = new Set(['an empty transaction', 'Jobstream']);

/** What a job costs the application's database. */
interface Cost {
  /** Bytes of write-ahead log of the transaction that enqueues it. */
  readonly enqueued: number;
  /** Bytes of it until its row is gone. */
  readonly inAll: number;
  /** Rows that it leaves for vacuum, if their table is not truncated first. */
  readonly deadRows: number;
}

export const enqueueCost: HandrunBench = {
  name: 'outbox-cost',
  summary:
    'Write-ahead log of a transaction that enqueues one job, and of all of its life, and its dead rows, beside those of job tables.',
  parameters: '[transactions = 10000]',
  async run(args) {
    const [transactions] = numbersOf(args, 10_000);
    await installPeers();
    return inScratchFolder(async (folder) => {
      const postgres = await startPostgres(folder);
      const costs = new Map<string, Cost>();
      for (const enqueuer of enqueuers) {
        const cost = await costOf(enqueuer, postgres.address, transactions);
        if (cost !== undefined) costs.set(enqueuer.name, cost);
        console.log(`${enqueuer.name}: ${cost === undefined ? 'cannot be installed here' : describe(cost)}`);
      }
      await postgres.stop();
      const ours = costs.get('Jobstream')?.enqueued ?? Infinity;
      return [...costs].every(([name, { enqueued }]) => NOT_PEERS.has(name) || ours < enqueued);
    });
  },
};

function describe({ enqueued, inAll, deadRows }: Cost): string {
  return `${enqueued.toFixed(0)} bytes, ${inAll.toFixed(0)} until its row is gone, ${deadRows.toFixed(2)} dead rows`;
}

/** After a warm-up and a checkpoint, so that each begins with the same images of whole pages still to be written. */
async function costOf(enqueuer: Enqueuer, url: string, transactions: number): Promise<Cost | undefined> {
  if (!(await enqueuer.install(url))) return undefined;
  await enqueue(enqueuer, url, WARM_UP);
  await enqueuer.work(url);
  const before = await figuresOf(url, 'CHECKPOINT');
  await enqueue(enqueuer, url, transactions);
  const between = await figuresOf(url);
  await enqueuer.work(url);
  const after = await figuresOf(url);
  return {
    enqueued: (between.walBytes - before.walBytes) / transactions,
    inAll: (after.walBytes - before.walBytes) / transactions,
    deadRows: (after.deadRows - before.deadRows) / transactions,
  };
}

async function enqueue({ statement }: Enqueuer, url: string, count: number): Promise<void> {
  const client = await connected(url);
  await client.query('SET synchronous_commit = off'); // the same bytes, sooner
  for (let done = 0; done < count; done += 1) await client.query(`BEGIN; ${statement}; COMMIT`);
  await client.end();
}

interface Figures {
  readonly walBytes: number;
  /** Rows that were ever updated or deleted. */
  readonly deadRows: number;
}

async function figuresOf(url: string, first = ''): Promise<Figures> {
  const client = await connected(url);
  if (first !== '') await client.query(first);
  const { rows } = await client.query<Figures>(`
    SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 AS "walBytes",
      coalesce(sum(n_tup_upd + n_tup_del), 0)::float8 AS "deadRows" FROM pg_stat_user_tables`);
  await client.end();
  return { walBytes: rows[0]?.walBytes ?? Number.NaN, deadRows: rows[0]?.deadRows ?? Number.NaN };
}

async function connected(connectionString: string): Promise<Client> {
  const client = new Client({ connectionString });
  await client.connect();
  return client;
}
