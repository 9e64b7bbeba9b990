import { defineJob } from '@jobstream/client';
import { RetryAfterError, UnrecoverableError, type JobContext } from '@jobstream/worker';
import { handlerRegistry, jobHandler, type HandlerRegistry } from '@jobstream/worker/engine';
import type { Effect } from '../../chaos/judge/evidence.ts';
import type { Mortal } from '../world/mortal.ts';

/** What the handler does with a job, as its payload says. */
export interface Work {
  /** The client's name for the job. */
  readonly token: string;
  /** How long a run takes. */
  readonly ms: number;
  /** The attempts that fail, from the first on, and how. */
  readonly fails: number;
  readonly how: 'error' | 'unrecoverable' | 'later';
  /** Whether it goes on when its signal is aborted. */
  readonly isStubborn: boolean;
  /** Reports of progress. */
  readonly reports: number;
}

const RETRY_AFTER_MS = 20_000;

/** Takes any value for a payload: what the simulation sends needs no check. */
const unchecked = {
  '~standard': { version: 1, vendor: 'simulation', validate: (value: unknown) => ({ value }) },
} as const;

/** The handlers of a worker process. An effect is what a run has done outside of it; a dead process does nothing. */
export function handlersOf(
  jobTypes: readonly string[],
  { process, onEffect }: { readonly process: Mortal; readonly onEffect: (effect: Effect) => void },
): HandlerRegistry {
  const run = async (payload: unknown, context: JobContext) => {
    const work = payload as Work;
    const { job, attempt } = context;
    if (!process.isDead) onEffect({ jobId: job.id, attempt, token: work.token, at: Date.now() });
    await workFor(work, context);
    if (attempt > work.fails) return { token: work.token };
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

function pauseUnlessAborted(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    const onAbort = () => {
      clearTimeout(timer);
      reject(new Error('aborted'));
    };
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
  });
}

function failureOf({ how }: Work): Error {
  if (how === 'unrecoverable') return new UnrecoverableError('as planned');
  if (how === 'later') return new RetryAfterError('as planned', RETRY_AFTER_MS);
  return new Error('as planned');
}
