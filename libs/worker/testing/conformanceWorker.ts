import { setTimeout as pause } from 'node:timers/promises';
import { defineJob } from '@jobstream/client';
import { z } from 'zod';
import { createWorker, UnrecoverableError, type JobContext } from '../src/index.ts';

const payload = z.discriminatedUnion('do', [
  z.object({ do: z.literal('succeed'), result: z.json().optional() }),
  z.object({ do: z.literal('fail'), times: z.int() }),
  z.object({ do: z.literal('reject') }),
  z.object({ do: z.literal('sleep'), ms: z.int() }),
  z.object({ do: z.literal('progress'), steps: z.int() }),
]);
type Payload = z.infer<typeof payload>;

async function run(command: Payload, ctx: JobContext): Promise<unknown> {
  switch (command.do) {
    case 'succeed':
      return command.result;
    case 'fail':
      if (ctx.attempt <= command.times) throw new Error(`told to fail, attempt ${ctx.attempt} of ${command.times}`);
      return { attempt: ctx.attempt };
    case 'reject':
      throw new UnrecoverableError('told to reject');
    case 'sleep':
      await pause(command.ms, undefined, { signal: ctx.signal });
      return { sleptMs: command.ms };
    case 'progress':
      for (let step = 1; step <= command.steps; step += 1) ctx.progress({ percent: (step * 100) / command.steps });
      return undefined;
  }
}

// The test job that every worker under the conformance kit offers; see docs/worker-protocol.md.
const conformance = defineJob('conformance', { payload, maxAttempts: 3, timeoutMs: 60_000 });
await createWorker().handle(conformance, run).run();
