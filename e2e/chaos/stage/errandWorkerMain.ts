import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { defineJob } from '@jobstream/client';
import { runProcess } from '@jobstream/runtime';
import { createWorker, UnrecoverableError, type JobContext } from '@jobstream/worker';
import { z } from 'zod';
import { NAP } from '../judge/checkSleeps.ts';
import { PLANNED_FAILURE } from '../judge/checkSteps.ts';

/** A job with steps: each calls the receiver, which takes `ms` for its answer. Before each the attempt may sleep. */
const errand = defineJob('errand', {
  payload: z.object({
    url: z.url(),
    token: z.string(),
    steps: z.int(),
    ms: z.int(),
    isTogether: z.boolean(),
    /** How long it sleeps before each step, in milliseconds; 0 for not at all. */
    naps: z.array(z.int()),
    /** How many attempts fail, from the first on; at which step, and whether within it or before. */
    fails: z.int(),
    failsAt: z.int(),
    isWithin: z.boolean(),
    isForGood: z.boolean(),
  }),
});
type Errand = z.infer<(typeof errand)['payload']>;

/** Shorter than most sleeps. */
const SLOT_WAIT_MS = 1_000;

await runProcess('worker', (config, logger) => {
  const worker = createWorker({
    natsUrl: config.NATS_URL,
    ackWaitMs: config.ACK_WAIT_MS,
    shutdownGraceMs: config.SHUTDOWN_GRACE_MS,
    slotWaitMs: SLOT_WAIT_MS,
    logger,
  });
  worker.handle(errand, run);
  return [{ name: 'worker', start: () => worker.start(), stop: () => worker.stop() }];
});

async function run(wanted: Errand, context: JobContext): Promise<{ readonly steps: readonly string[] }> {
  const keys = Array.from({ length: wanted.steps }, (_, key) => key);
  if (wanted.isTogether) return { steps: await Promise.all(keys.map((key) => runStep(key, wanted, context))) };
  const steps: string[] = [];
  for (const key of keys) steps.push(await runStep(key, wanted, context));
  return { steps };
}

async function runStep(key: number, wanted: Errand, context: JobContext): Promise<string> {
  const fails = context.attempt <= wanted.fails && key === wanted.failsAt;
  const napMs = wanted.naps[key] ?? 0;
  if (napMs > 0) await context.sleep(NAP, napMs, { key: String(key) });
  if (fails && !wanted.isWithin) throw failure(wanted);
  return context.step('call', { key: String(key) }, async ({ signal }) => {
    if (fails) {
      await pause(wanted.ms, undefined, { signal });
      throw failure(wanted);
    }
    return call(key, wanted, { ...context, signal });
  });
}

/** Returns a name for the call, which the receiver writes down. */
async function call(
  key: number,
  { url, token, ms }: Errand,
  { job, runId, signal }: Pick<JobContext, 'job' | 'runId' | 'signal'>,
): Promise<string> {
  const result = randomUUID();
  const body = JSON.stringify({ jobId: job.id, runId, name: 'call', key: String(key), result });
  const response = await fetch(`${url}/step-${ms}/${token}`, { method: 'POST', body, signal });
  if (!response.ok) throw new Error(`the receiver answered ${response.status}`);
  return result;
}

function failure({ isForGood }: Errand): Error {
  return isForGood ? new UnrecoverableError(PLANNED_FAILURE) : new Error(PLANNED_FAILURE);
}
