import { Logger, makeWorkerUtils, run as runWorker } from 'graphile-worker';
import { Pool } from 'pg';
import { startPostgres } from '../servers/startPostgres.ts';
import type { ConnectOptions, JobClient, JobSystem, Payload } from './jobSystem.ts';

const TASK = 'noop';
const silent = new Logger(() => () => {});

export const graphileWorker: JobSystem = {
  name: 'Graphile Worker',
  notes: [
    'Graphile Worker 0.18 with what its page on performance advises: a local queue of 500 jobs, completions in batches; `add_jobs` for many jobs.',
    'Postgres syncs each commit by default: what is measured with fsync stands in both tables. A job is deleted when it completes: there is nothing to ask afterwards.',
  ],
  syncsByDefault: true,
  serve: startPostgres,
  connect,
};

async function connect({ address }: ConnectOptions): Promise<JobClient> {
  const pool = new Pool({ connectionString: address, max: 25 });
  for (const event of ['error', 'connect'] as const) pool.on(event, () => {}); // it warns of pools without listeners
  const utils = await makeWorkerUtils({ pgPool: pool, logger: silent });
  await utils.migrate();
  const runners: { stop(): Promise<void> }[] = [];
  return {
    async enqueueMany(payloads) {
      await utils.addJobs(payloads.map((payload) => ({ identifier: TASK, payload })));
    },
    enqueue: async (payload) => (await utils.addJob(TASK, payload)).id,
    async work(concurrency, run) {
      const runner = await runWorker({
        preset: {
          worker: {
            concurrentJobs: concurrency,
            localQueue: { size: 500 },
            completeJobBatchDelay: 0,
            failJobBatchDelay: 0,
          },
        },
        pgPool: pool,
        logger: silent,
        noHandleSignals: true,
        taskList: { [TASK]: (payload) => run(payload as Payload) },
      });
      runners.push(runner);
    },
    async completed(ids) {
      const sql = 'SELECT id::text FROM graphile_worker._private_jobs WHERE id = ANY($1::bigint[])';
      const waiting = new Set((await pool.query<{ id: string }>(sql, [ids])).rows.map(({ id }) => id));
      return ids.filter((id) => !waiting.has(id));
    },
    async close() {
      for (const runner of runners) await runner.stop();
      await utils.release();
      await pool.end();
    },
  };
}
