import { Queue, Worker } from 'bullmq';
import { startRedis } from '../servers/startRedis.ts';
import type { JobClient, JobSystem, Payload } from './jobSystem.ts';

const QUEUE = 'bench';

export const bullmq: JobSystem = {
  name: 'BullMQ',
  notes: [
    'BullMQ 6.7 with ioredis 6; `addBulk` for many jobs; completed jobs are kept, in memory.',
    'The default of Redis is snapshots alone: a power cut loses what came after the last one.',
    'No history of a job beyond its last state, its log lines and its stack traces.',
  ],
  serve: startRedis,
  connect: ({ address }) => Promise.resolve(connect(address)),
};

function connect(address: string): JobClient {
  const { hostname, port } = new URL(address);
  const connection = { host: hostname, port: Number(port), maxRetriesPerRequest: null };
  const queue = new Queue<Payload>(QUEUE, { connection });
  const open: { close(): Promise<void> }[] = [queue];
  return {
    async enqueueMany(payloads) {
      await queue.addBulk(payloads.map((data) => ({ name: 'noop', data })));
    },
    enqueue: async (payload) => (await queue.add('noop', payload)).id ?? '',
    async work(concurrency, run) {
      const worker = new Worker<Payload>(QUEUE, ({ data }) => run(data), { connection, concurrency });
      open.unshift(worker);
      await worker.waitUntilReady();
    },
    async completed(ids) {
      const states = await Promise.all(ids.map((id) => queue.getJobState(id)));
      return ids.filter((_, index) => states[index] === 'completed');
    },
    async close() {
      for (const one of open) await one.close();
    },
  };
}
