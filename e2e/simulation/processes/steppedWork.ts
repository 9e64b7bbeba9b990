import { randomUUID } from 'node:crypto';
import type { JobContext } from '@jobstream/worker';
import type { StepEffect } from '../../chaos/judge/evidence.ts';
import { FORGOTTEN, NAP } from '../../chaos/judge/checkSleeps.ts';
import { failureOf, pauseUnlessAborted, type Work } from './work.ts';

interface SteppedRun {
  readonly work: Work;
  readonly context: JobContext;
  readonly onEffect: (effect: StepEffect) => void;
}

const RETRY_MS = 1_000;

/** Runs the steps of a job and the sleeps between them, and returns what the steps have given. */
export async function runSteps(run: SteppedRun): Promise<readonly string[]> {
  const { count, isTogether, forgottenMs } = run.work.steps;
  if (forgottenMs > 0) void run.context.sleep(FORGOTTEN, forgottenMs);
  const indices = Array.from({ length: count }, (_, index) => index);
  if (isTogether) return Promise.all(indices.map((index) => runStep(index, run)));
  const given: string[] = [];
  for (const index of indices) given.push(await runStep(index, run));
  return given;
}

async function runStep(index: number, { work, context, onEffect }: SteppedRun): Promise<string> {
  const { ms, failsAt, isFailing, tries, naps } = work.steps;
  const { attempt, job, runId, signal } = context;
  const [name, key] = ['step', String(index)];
  await sleepFor(naps[index] ?? 0, key, { work, context });
  const fails = attempt <= work.fails && index === failsAt;
  if (fails && isFailing === 'before') throw failureOf(work);
  const options = { key, maxAttempts: tries, backoff: { type: 'fixed', delayMs: RETRY_MS } } as const;
  return context.step(name, options, async () => {
    await pauseUnlessAborted(ms, work.isStubborn ? undefined : signal);
    if (fails) throw failureOf(work);
    const result = randomUUID();
    onEffect({ jobId: job.id, runId, name, key, result, at: Date.now() });
    return result;
  });
}

async function sleepFor(
  ms: number,
  key: string,
  { work, context }: Pick<SteppedRun, 'work' | 'context'>,
): Promise<void> {
  if (ms === 0) return;
  const sleeping = context.sleep(NAP, ms, { key });
  await (work.steps.isSwallowing ? sleeping.catch(() => undefined) : sleeping);
}
