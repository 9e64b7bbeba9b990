import { defineJob } from '@jobstream/client';
import { createWorker, type Worker } from '@jobstream/worker';
import * as Schema from 'effect/Schema';
import type { ConnectOptions, JobClient, Payload } from '../jobSystem.ts';
import { openTable } from '../openTable.ts';

/** Creates jobs over HTTP, and runs them as a user's worker does. */
export async function connectStart({ address, role }: ConnectOptions): Promise<JobClient> {
  const [api = '', natsUrl = '', databaseUrl] = address.split(' ');
  const table = await openTable(role === 'producer' ? databaseUrl : undefined);
  let worker: Worker | undefined;
  return {
    async enqueueMany(payloads) {
      await post<unknown>(`${api}/api/jobs/batch`, { jobs: payloads.map(jobOf) });
    },
    enqueue: async (payload) => (await post<{ id: string }>(`${api}/api/jobs`, jobOf(payload))).id,
    async work(concurrency, run) {
      worker = createWorker({ natsUrl, concurrency });
      worker.handle(bench, run);
      await worker.start();
    },
    async completed(ids) {
      if (table === undefined) return [];
      const sql = "SELECT id FROM jobs WHERE id = ANY($1::uuid[]) AND status = 'completed'";
      return (await table.query<{ id: string }>(sql, [ids])).rows.map(({ id }) => id);
    },
    async close() {
      await worker?.stop();
      await table?.end();
    },
  };
}

const bench = defineJob('bench', {
  payload: Schema.toStandardSchemaV1(Schema.Struct({ n: Schema.Finite, dueAt: Schema.Finite })),
});

function jobOf(payload: Payload) {
  return { type: 'bench', payload };
}

async function post<Answer>(url: string, body: unknown): Promise<Answer> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as Answer;
}
