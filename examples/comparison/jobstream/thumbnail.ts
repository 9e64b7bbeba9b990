import { defineJob } from '@jobstream/client';
import { z } from 'zod';

export const thumbnail = defineJob('thumbnail', {
  payload: z.object({ url: z.url(), width: z.int() }),
  result: z.object({ bytes: z.int() }),
});
