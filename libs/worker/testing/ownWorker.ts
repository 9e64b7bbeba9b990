import { setTimeout as pause } from 'node:timers/promises';
import { defineJob } from '@jobstream/client';
import { z } from 'zod';
import { createWorker } from '../src/index.ts';

const nap = defineJob('nap', { payload: z.object({ ms: z.int() }) });

// A worker as its user writes it: the process of a test.
const worker = createWorker();
worker.handle(nap, async ({ ms }, { signal }) => pause(ms, 'slept', { signal }));
await worker.run();
process.stdout.write('run() has returned\n');
