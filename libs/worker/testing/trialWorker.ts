import { appendFileSync } from 'node:fs';
import { defineJob } from '@jobstream/client';
import { z } from 'zod';
import { createWorker } from '../src/index.ts';

const trial = defineJob('trial', { payload: z.object({ notes: z.string(), ms: z.int(), rounds: z.int() }) });

// A worker whose jobs sleep again and again, and note what their steps have done: the process of a test.
await createWorker()
  .handle(trial, async ({ notes, ms, rounds }, { step, sleep }) => {
    for (let key = 1; key <= rounds; key++) {
      await step('round', { key }, () => appendFileSync(notes, `round ${key}\n`));
      await sleep('pause', ms, { key });
    }
    await step('end', () => appendFileSync(notes, 'end\n'));
  })
  .run();
