import { handlerRegistry, jobHandler, type HandlerRegistry } from '@jobstream/worker/engine';
import type { Effect, StepEffect, WaitEffect } from '../../chaos/judge/evidence.ts';
import type { Mortal } from '../world/mortal.ts';
import { runSteps } from './steppedWork.ts';
import { definitionOf, failureOf, pauseUnlessAborted, type Work, type WorkContext } from './work.ts';

interface HandlersOptions {
  readonly process: Mortal;
  readonly onEffect: (effect: Effect) => void;
  readonly onStep: (effect: StepEffect) => void;
  readonly onWaited: (effect: WaitEffect) => void;
}

/** The handlers of a worker process. An effect is what a run has done outside of it; a dead process does nothing. */
export function handlersOf(
  jobTypes: readonly string[],
  { process, onEffect, onStep, onWaited }: HandlersOptions,
): HandlerRegistry {
  const onStepEffect = (effect: StepEffect) => void (process.isDead || onStep(effect));
  const onWaitEffect = (effect: WaitEffect) => void (process.isDead || onWaited(effect));
  const run = async (payload: unknown, context: WorkContext) => {
    const work = payload as Work;
    const { job, attempt } = context;
    if (!process.isDead) onEffect({ jobId: job.id, attempt, token: work.token, at: Date.now() });
    const given = await runSteps({ work, context, onEffect: onStepEffect, onWaited: onWaitEffect });
    await workFor(work, context);
    if (attempt > work.fails) return { token: work.token, ...given };
    throw failureOf(work);
  };
  return handlerRegistry(jobTypes.map((type) => jobHandler(definitionOf(type), run)));
}

async function workFor({ ms, isStubborn, reports }: Work, { signal, progress }: WorkContext): Promise<void> {
  for (let part = 1; part <= reports + 1; part++) {
    await pauseUnlessAborted(ms / (reports + 1), isStubborn ? undefined : signal);
    if (part <= reports) progress({ percent: part });
  }
}
