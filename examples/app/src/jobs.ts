import { defineJob } from '@jobstream/client';
import { z } from 'zod';

/** Scales a picture down to a width; its result is a JPEG in Base64. */
export const thumbnail = defineJob('thumbnail', {
  payload: z.object({ url: z.url(), width: z.int().min(16).max(512) }),
  result: z.object({ width: z.int(), height: z.int(), bytes: z.int(), jpeg: z.base64() }),
  maxAttempts: 5,
  timeoutMs: 60_000,
});

/** Issues the invoice of an order. */
export const invoice = defineJob('invoice', {
  payload: z.object({
    order: z.string().min(1),
    lines: z.array(z.object({ cents: z.int(), count: z.int().min(1).default(1) })).min(1),
  }),
  result: z.object({ number: z.string(), cents: z.int() }),
});
