// A handler that catches what a sleep throws, for ever; a timer of its process must fire all the same.
import { defineJob } from '@jobstream/client';
import { z } from 'zod';
import { testJobstream } from '../src/index.ts';

const poll = defineJob('poll', { payload: z.null() });
const t = await testJobstream({
  handlers: (worker) =>
    worker.handle(poll, async (_payload, { step, sleep }) => {
      for (let key = 0; ; key++) {
        try {
          await step('look', { key: Math.min(key, 2) }, () => false);
          await sleep('poll', '1h', { key });
        } catch {
          if (key === 5) setTimeout(() => process.exit(7));
        }
      }
    }),
});
await t.enqueue(poll, null);
await t.drain();
