import { setTimeout as pause } from 'node:timers/promises';
import * as Schema from 'effect/Schema';
import { jobHandler } from '@jobstream/worker/engine';
import { effectJob } from '../src/effectJob.ts';
import type { JobContext } from '@jobstream/worker';
import { UnrecoverableError } from '@jobstream/worker';
import { runWorkerProcess } from './runWorkerProcess.ts';

const ConformancePayload = Schema.Union([
  Schema.Struct({ do: Schema.Literal('succeed'), result: Schema.optionalKey(Schema.Unknown) }),
  Schema.Struct({ do: Schema.Literal('fail'), times: Schema.Int }),
  Schema.Struct({ do: Schema.Literal('reject') }),
  Schema.Struct({ do: Schema.Literal('sleep'), ms: Schema.Int }),
  Schema.Struct({ do: Schema.Literal('progress'), steps: Schema.Int }),
]);
type ConformancePayload = typeof ConformancePayload.Type;

async function run(payload: ConformancePayload, ctx: JobContext): Promise<unknown> {
  switch (payload.do) {
    case 'succeed':
      return payload.result;
    case 'fail':
      if (ctx.attempt <= payload.times) throw new Error(`told to fail, attempt ${ctx.attempt} of ${payload.times}`);
      return { attempt: ctx.attempt };
    case 'reject':
      throw new UnrecoverableError('told to reject');
    case 'sleep':
      await pause(payload.ms, undefined, { signal: ctx.signal });
      return { sleptMs: payload.ms };
    case 'progress':
      for (let step = 1; step <= payload.steps; step += 1) ctx.progress({ percent: (step * 100) / payload.steps });
      return undefined;
  }
}

// The test job that every worker under the conformance kit offers; see docs/worker-protocol.md.
await runWorkerProcess([jobHandler(effectJob('conformance', ConformancePayload), run)]);
