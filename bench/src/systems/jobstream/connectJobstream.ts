import { defineJob } from '@jobstream/client';
import { EventLog } from '@jobstream/eventlog';
import { createLogger } from '@jobstream/runtime';
import { newJob } from '@jobstream/test-support';
import { handlerRegistry, jobHandler, JobWorker, systemClock } from '@jobstream/worker/engine';
import * as Schema from 'effect/Schema';
import type { ConnectOptions, JobClient, Payload } from '../jobSystem.ts';
import { openTable } from '../openTable.ts';

export async function connectJobstream({ address, role, durability }: ConnectOptions): Promise<JobClient> {
  const [url = '', databaseUrl] = address.split(' ');
  const log = new EventLog({ url, name: role, groupCommit: durability === 'fsync' });
  await log.start();
  const table = await openTable(role === 'producer' ? databaseUrl : undefined);
  let worker: JobWorker | undefined;
  return {
    async enqueueMany(payloads) {
      await log.appendAll(payloads.map((payload) => newJob(payload)));
    },
    async enqueue(payload) {
      const event = newJob(payload);
      await log.append(event, 0);
      return event.jobId;
    },
    async work(concurrency, run) {
      worker = createWorker(log, concurrency, run);
      await worker.start();
    },
    async completed(ids) {
      if (table === undefined) return [];
      const sql = "SELECT id FROM jobs WHERE id = ANY($1::uuid[]) AND status = 'completed'";
      return (await table.query<{ id: string }>(sql, [ids])).rows.map(({ id }) => id);
    },
    async close() {
      await worker?.stop();
      await log.stop();
      await table?.end();
    },
  };
}

function createWorker(eventLog: EventLog, concurrency: number, run: (payload: Payload) => Promise<void>): JobWorker {
  const payload = Schema.toStandardSchemaV1(Schema.Struct({ n: Schema.Finite, dueAt: Schema.Finite }));
  const handler = jobHandler(defineJob('bench', { payload }), run);
  return new JobWorker({
    eventLog,
    handlers: handlerRegistry([handler]),
    clock: systemClock(eventLog.clock),
    logger: createLogger({ service: 'worker', level: 'error' }),
    concurrency,
    ackWaitMs: 10_000,
    shutdownGraceMs: 5_000,
  });
}
