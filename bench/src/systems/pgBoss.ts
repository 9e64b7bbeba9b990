import { Client } from 'pg';
import { PgBoss } from 'pg-boss';
import { startPostgres } from '../servers/startPostgres.ts';
import type { ConnectOptions, JobClient, JobSystem, Payload } from './jobSystem.ts';

const QUEUE = 'bench';
/** Jobs fetched and completed with one statement; the handlers of a batch run together. */
const BATCH = 100;

export const pgBoss: JobSystem = {
  name: 'pg-boss',
  notes: [
    'pg-boss 12.38; `insert` for many jobs; workers fetch 100 jobs at a time, without a pause while batches are full, and are woken by NOTIFY.',
    'Postgres syncs each commit by default: what is measured with fsync stands in both tables. Completed jobs are kept for a week, without their history.',
  ],
  syncsByDefault: true,
  serve: startPostgres,
  connect,
};

async function connect({ address }: ConnectOptions): Promise<JobClient> {
  const boss = new PgBoss({ connectionString: address, max: 20, useListenNotify: true });
  await boss.start();
  await boss.createQueue(QUEUE, { notify: true });
  const reader = new Client({ connectionString: address });
  await reader.connect();
  return {
    async enqueueMany(payloads) {
      await boss.insert(
        QUEUE,
        payloads.map((data) => ({ data })),
      );
    },
    enqueue: async (payload) => (await boss.send(QUEUE, payload)) ?? '',
    async work(concurrency, run) {
      const options = {
        batchSize: Math.min(BATCH, concurrency),
        localConcurrency: Math.max(1, Math.round(concurrency / BATCH)),
        pollingIntervalSeconds: 0.5,
        burstWhenBatchFull: true,
      };
      await boss.work<Payload>(QUEUE, options, async (jobs) => {
        await Promise.all(jobs.map(({ data }) => run(data)));
      });
    },
    async completed(ids) {
      const sql = "SELECT id FROM pgboss.job WHERE name = $1 AND id = ANY($2::uuid[]) AND state = 'completed'";
      return (await reader.query<{ id: string }>(sql, [QUEUE, ids])).rows.map(({ id }) => id);
    },
    async close() {
      await boss.stop({ graceful: true, timeout: 5_000 });
      await reader.end();
    },
  };
}
