import { defineJob, enqueueIn, JobstreamClient } from '@jobstream/client';
import { Client } from 'pg';
import { z } from 'zod';

// Places an order, with a job for it, in one of two ways, and dies after the step that is told: see dualWrite.test.ts.
const [way, order = '', diesAfter = ''] = process.argv.slice(2);

const confirmation = defineJob('sleep', { payload: z.object({ durationMs: z.int() }) });
const payload = { durationMs: 1 };
const options = { tags: [`order-${order}`] };

const database = new Client({ connectionString: process.env['DATABASE_URL'] });
await database.connect();
await (way === 'two writes' ? twoWrites() : oneTransaction());
await database.end();

async function twoWrites(): Promise<void> {
  const client = new JobstreamClient({ url: process.env['API_URL'] ?? '' });
  await insertOrder();
  dieAfter('1');
  await client.enqueue(confirmation, payload, options);
  dieAfter('2');
}

async function oneTransaction(): Promise<void> {
  await database.query('BEGIN');
  await insertOrder();
  dieAfter('1');
  await enqueueIn(database, confirmation, payload, options);
  dieAfter('2');
  await database.query('COMMIT');
  dieAfter('3');
}

async function insertOrder(): Promise<void> {
  await database.query('INSERT INTO public.orders (number) VALUES ($1)', [order]);
}

function dieAfter(step: string): void {
  if (step === diesAfter) process.kill(process.pid, 'SIGKILL');
}
