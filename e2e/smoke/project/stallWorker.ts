import { setTimeout as pause } from 'node:timers/promises';
import { defineJob } from '@jobstream/client';
import { createWorker } from '@jobstream/worker';
import { z } from 'zod';

const stall = defineJob('stall', { payload: z.object({}) });

// With STALL=true an attempt ends only with its process, else at once.
const worker = createWorker().handle(stall, async (_payload, { attempt, signal }) => {
  process.stdout.write(`attempt ${attempt} runs\n`);
  if (process.env['STALL'] === 'true') await pause(3_600_000, undefined, { signal });
  return { attempt };
});
await worker.run();
