import { existsSync } from 'node:fs';
import { defineJob } from '@jobstream/client';
import { z } from 'zod';
import { createWorker } from '../src/index.ts';

const [, , jobType = 'block'] = process.argv;
const block = defineJob(jobType, { payload: z.object({ until: z.string() }) });

// A worker as its user should not write it: its handler computes until a file is there, and nothing else runs meanwhile.
await createWorker()
  .handle(block, ({ until }) => {
    while (!existsSync(until));
  })
  .run();
