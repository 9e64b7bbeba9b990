import { defineJob } from '@jobstream/client';
import { createWorker } from '@jobstream/worker';
import { z } from 'zod';

const square = defineJob('square', { payload: z.object({ of: z.int() }), result: z.int() });
const worker = createWorker();
worker.handle(square, new URL('squareHandler.mjs', import.meta.url), { threads: 2 });
await worker.run();
