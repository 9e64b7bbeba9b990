import { defineJob } from '@jobstream/client';
import { z } from 'zod';
import { testJobstream } from '../src/index.ts';

// A test that forgets `stop`: the process of a test.
const greeting = defineJob('greeting', { payload: z.object({ name: z.string() }) });
const t = await testJobstream({ handlers: (worker) => worker.handle(greeting, () => 'Hello') });
const job = await t.enqueue(greeting, { name: 'Ada' });
await t.drain();
process.stdout.write(`${(await t.job(job)).status}\n`);
