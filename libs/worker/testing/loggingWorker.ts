import { defineJob } from '@jobstream/client';
import { z } from 'zod';
import { createWorker } from '../src/index.ts';

const talk = defineJob('talk', {
  payload: z.object({ say: z.string() }),
  maxAttempts: 1,
  schedule: { name: 'yearly-talk', cron: '@yearly', payload: { say: 'yes' } },
});

// A worker as its user writes it, whose handler logs: the process of a test.
const worker = createWorker();
worker.handle(talk, ({ say }, { log }) => {
  log.info(say);
  if (say === 'no') throw new Error('no');
});
await worker.run();
