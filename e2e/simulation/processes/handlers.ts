import { defineJob } from '@jobstream/client';
import type { JobContext } from '@jobstream/worker';
import { handlerRegistry, jobHandler, type HandlerRegistry } from '@jobstream/worker/engine';
import type { Effect, StepEffect } from '../../chaos/judge/evidence.ts';
import type { Mortal } from '../world/mortal.ts';
import { runSteps } from './steppedWork.ts';
import { failureOf, pauseUnlessAborted, type Work } from './work.ts';

/** Takes any value for a payload: what the simulation sends needs no check. */
const unchecked = {
  '~standard': { version: 1, vendor: 'simulation', validate: (value: unknown) => ({ value }) },
} as const;

interface HandlersOptions {
  readonly process: Mortal;
  readonly onEffect: (effect: Effect) => void;
  readonly onStep: (effect: StepEffect) => void;
}

/** The handlers of a worker process. An effect is what a run has done outside of it; a dead process does nothing. */
export function handlersOf(
  jobTypes: readonly string[],
  { process, onEffect, onStep }: HandlersOptions,
): HandlerRegistry {
  const onStepEffect = (effect: StepEffect) => void (process.isDead || onStep(effect));
  const run = async (payload: unknown, context: JobContext) => {
    const work = payload as Work;
    const { job, attempt } = context;
    if (!process.isDead) onEffect({ jobId: job.id, attempt, token: work.token, at: Date.now() });
    const given = await runSteps({ work, context, onEffect: onStepEffect });
    await workFor(work, context);
    if (attempt > work.fails) return { token: work.token, steps: given };
    throw failureOf(work);
  };
  return handlerRegistry(jobTypes.map((type) => jobHandler(defineJob(type, { payload: unchecked }), run)));
}

async function workFor({ ms, isStubborn, reports }: Work, { signal, progress }: JobContext): Promise<void> {
  for (let part = 1; part <= reports + 1; part++) {
    await pauseUnlessAborted(ms / (reports + 1), isStubborn ? undefined : signal);
    if (part <= reports) progress({ percent: part });
  }
}
