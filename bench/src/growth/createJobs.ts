import type { EventLog } from '@jobstream/eventlog';
import { newJob } from '@jobstream/testing';
import { typeName, type JobOrder } from './order.ts';

const PER_BATCH = 1_000;
const BYTES_PER_BATCH = 4_000_000;

export async function createJobs(log: EventLog, { jobs, types, payloadBytes }: JobOrder): Promise<void> {
  const perBatch = Math.max(1, Math.min(PER_BATCH, Math.floor(BYTES_PER_BATCH / payloadBytes)));
  const text = 'x'.repeat(Math.max(0, payloadBytes - '{"text":""}'.length));
  for (let made = 0; made < jobs; made += perBatch) {
    const count = Math.min(perBatch, jobs - made);
    await log.appendAll(Array.from({ length: count }, (_, n) => newJob({ text }, typeName((made + n) % types))));
  }
}
