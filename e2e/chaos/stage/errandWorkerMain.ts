import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { defineJob } from '@jobstream/client';
import { runProcess } from '@jobstream/runtime';
import { createWorker, UnrecoverableError, type JobContext } from '@jobstream/worker';
import { z } from 'zod';
import { waitName } from '../judge/checkSignals.ts';
import { NAP } from '../judge/checkSleeps.ts';
import { PLANNED_FAILURE } from '../judge/checkSteps.ts';

/** A job with steps: each calls the receiver, which takes `ms` for its answer. Before each the attempt may sleep, or wait for a signal. */
const errand = defineJob('errand', {
  payload: z.object({
    url: z.url(),
    token: z.string(),
    steps: z.int(),
    ms: z.int(),
    isTogether: z.boolean(),
    /** How long it sleeps before each step, in milliseconds; 0 for not at all. */
    naps: z.array(z.int()),
    /** The signal for which it waits before each step, and the time limit in milliseconds. */
    waits: z.array(z.object({ signal: z.enum(['approved', 'paid']), timeoutMs: z.int().optional() }).nullable()),
    /** How many attempts fail, from the first on; at which step, and whether within it or before. */
    fails: z.int(),
    failsAt: z.int(),
    isWithin: z.boolean(),
    isForGood: z.boolean(),
  }),
  signals: { approved: z.string(), paid: z.string() },
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

type Context = JobContext<typeof errand>;

/** What a step has given, and what the wait before it, if there was one: null after its time limit. */
interface Given {
  readonly step: string;
  readonly waits: readonly (string | null)[];
}

async function run(wanted: Errand, context: Context) {
  const keys = Array.from({ length: wanted.steps }, (_, key) => key);
  const given: Given[] = [];
  if (wanted.isTogether) given.push(...(await Promise.all(keys.map((key) => waitAndRun(key, wanted, context)))));
  else for (const key of keys) given.push(await waitAndRun(key, wanted, context));
  return { steps: given.map(({ step }) => step), waits: given.flatMap(({ waits }) => waits) };
}

async function waitAndRun(key: number, wanted: Errand, context: Context): Promise<Given> {
  const wait = wanted.waits[key] ?? null;
  const waits = wait === null ? [] : [await waitFor(String(key), wait, context)];
  return { step: await runStep(key, wanted, context), waits };
}

async function waitFor(
  key: string,
  { signal, timeoutMs }: NonNullable<Errand['waits'][number]>,
  context: Context,
): Promise<string | null> {
  const options = timeoutMs === undefined ? { key } : { key, timeout: timeoutMs };
  const waiting: Promise<string | undefined> = context.waitFor(waitName(signal), signal, options);
  return (await waiting) ?? null;
}

async function runStep(key: number, wanted: Errand, context: Context): Promise<string> {
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
  { job, runId, signal }: Pick<Context, 'job' | 'runId' | 'signal'>,
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
