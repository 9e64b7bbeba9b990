import { appendFileSync } from 'node:fs';
import { defineJob } from '@jobstream/client';
import { z } from 'zod';
import { createWorker } from '../src/index.ts';

const approval = defineJob('approval', {
  payload: z.object({ notes: z.string() }),
  signals: { approved: z.object({ by: z.string() }), paid: z.number() },
});

// A worker whose jobs wait for two signals, and for one that does not come: the process of a test.
await createWorker()
  .handle(approval, async ({ notes }, { step, waitFor }) => {
    await step('begin', () => appendFileSync(notes, 'begin\n'));
    const { by } = await waitFor('approval', 'approved');
    await step('approve', () => appendFileSync(notes, `approved by ${by}\n`));
    const cents = await waitFor('payment', 'paid', { timeout: '1h' });
    const more = await waitFor('more', 'paid', { timeout: 300 });
    return { by, cents, more: more ?? 'none' };
  })
  .run();
