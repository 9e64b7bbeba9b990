import { randomUUID } from 'node:crypto';
import type { StepEffect, WaitEffect } from '../../chaos/judge/evidence.ts';
import { waitName } from '../../chaos/judge/checkSignals.ts';
import { FORGOTTEN, NAP } from '../../chaos/judge/checkSleeps.ts';
import { failureOf, pauseUnlessAborted, type WaitOfWork, type Work, type WorkContext } from './work.ts';

interface SteppedRun {
  readonly work: Work;
  readonly context: WorkContext;
  readonly onEffect: (effect: StepEffect) => void;
  readonly onWaited: (effect: WaitEffect) => void;
}

/** What the steps have given, and the waits for signals: null after a time limit. */
interface Given {
  readonly steps: readonly string[];
  readonly waits: readonly unknown[];
}

const RETRY_MS = 1_000;
/** In the place of what a wait gives whose interruption the handler has caught. */
const SWALLOWED = 'swallowed';

/** Runs the steps of a job, and the sleeps and the waits between them. */
export async function runSteps(run: SteppedRun): Promise<Given> {
  const { count, isTogether, forgottenMs } = run.work.steps;
  if (forgottenMs > 0) void run.context.sleep(FORGOTTEN, forgottenMs);
  const indices = Array.from({ length: count }, (_, index) => index);
  const waits = new Map<number, unknown>();
  const stepped = async (index: number) => {
    const wait = run.work.steps.waits[index] ?? null;
    if (wait !== null) waits.set(index, await waitFor(wait, String(index), run));
    return runStep(index, run);
  };
  const steps = isTogether ? await Promise.all(indices.map(stepped)) : await inTurn(indices, stepped);
  const inOrder = [...waits].toSorted(([left], [right]) => left - right);
  return { steps, waits: inOrder.map(([, payload]) => payload) };
}

async function inTurn<Result>(
  indices: readonly number[],
  work: (index: number) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const index of indices) results.push(await work(index));
  return results;
}

async function waitFor(
  { signal, timeoutMs }: WaitOfWork,
  key: string,
  { work, context, onWaited }: SteppedRun,
): Promise<unknown> {
  const name = waitName(signal);
  const options = { key, ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }) };
  const waiting: Promise<unknown> = context.waitFor(name, signal, options);
  const payload = (await (work.steps.isSwallowing ? waiting.catch(() => SWALLOWED) : waiting)) ?? null;
  if (payload === SWALLOWED) return payload;
  onWaited({ jobId: context.job.id, runId: context.runId, name, key, payload, at: Date.now() });
  return payload;
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
