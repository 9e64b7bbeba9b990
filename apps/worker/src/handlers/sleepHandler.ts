import { setTimeout as pause } from 'node:timers/promises';
import * as Schema from 'effect/Schema';
import type { JobContext } from '@jobstream/worker';
import { jobHandler, type Handler } from '@jobstream/worker/engine';
import { effectJob } from '../effectJob.ts';

const DAY_MS = 86_400_000;
const STEPS = 10;

const sleepJob = effectJob(
  'sleep',
  Schema.Struct({
    durationMs: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: DAY_MS }))),
    failTimes: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000 }))),
  }),
);

/** Waits `durationMs` (default 1,000), reporting each tenth; the first `failTimes` attempts fail at the end. */
export function sleepHandler(): Handler {
  return jobHandler(sleepJob, async ({ durationMs = 1_000, failTimes = 0 }, ctx) => {
    await sleep(durationMs, ctx);
    if (ctx.attempt <= failTimes) throw new Error(`told to fail: attempt ${ctx.attempt} of ${failTimes}`);
    return { sleptMs: durationMs };
  });
}

async function sleep(durationMs: number, { signal, progress }: JobContext): Promise<void> {
  for (let step = 1; step <= STEPS; step += 1) {
    await pause(durationMs / STEPS, undefined, { signal });
    progress({ percent: (step * 100) / STEPS });
  }
}
