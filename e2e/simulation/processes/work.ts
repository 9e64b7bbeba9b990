import { defineJob } from '@jobstream/client';
import { type JobContext, RetryAfterError, UnrecoverableError } from '@jobstream/worker';
import { PLANNED_FAILURE } from '../../chaos/judge/checkSteps.ts';

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
  /** What it does first, a step at a time. */
  readonly steps: StepsOfWork;
}

/** The steps that a job has, and where an attempt that fails does so. */
export interface StepsOfWork {
  readonly count: number;
  /** How long the work of each takes. */
  readonly ms: number;
  /** Whether all run at once. */
  readonly isTogether: boolean;
  /** In attempts that fail: the one that throws, or before which the handler throws. */
  readonly failsAt: number;
  readonly isFailing: 'inside' | 'before';
  /** How often a step is run in one attempt. */
  readonly tries: number;
  /** How long the attempt sleeps before each, in milliseconds; 0 for not at all. */
  readonly naps: readonly number[];
  /** The signal for which the attempt waits before each, if it does. */
  readonly waits: readonly (WaitOfWork | null)[];
  /** How long a sleep lasts for whose end the handler does not wait; 0 for none. */
  readonly forgottenMs: number;
  /** Whether the handler goes on where a sleep interrupts it. */
  readonly isSwallowing: boolean;
}

export const SIGNALS = ['approved', 'paid'] as const;
export type SignalName = (typeof SIGNALS)[number];

/** A wait for a signal. */
export interface WaitOfWork {
  readonly signal: SignalName;
  /** Its time limit in milliseconds; undefined for none. */
  readonly timeoutMs?: number;
}

/** Takes any value for a payload: what the simulation sends needs no check. */
const unchecked = {
  '~standard': { version: 1, vendor: 'simulation', validate: (value: unknown) => ({ value }) },
} as const;

/** The definition of a job type of the simulation. */
export function definitionOf(type: string) {
  const [approved, paid] = SIGNALS;
  return defineJob(type, { payload: unchecked, signals: { [approved]: unchecked, [paid]: unchecked } });
}

/** What a handler knows of its attempt. */
export type WorkContext = JobContext<ReturnType<typeof definitionOf>>;

const RETRY_AFTER_MS = 20_000;

/** Rejects as soon as the signal is aborted, if there is one. */
export function pauseUnlessAborted(ms: number, signal: AbortSignal | undefined): Promise<void> {
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

/** How an attempt fails that is to fail. */
export function failureOf({ how }: Work): Error {
  if (how === 'unrecoverable') return new UnrecoverableError(PLANNED_FAILURE);
  if (how === 'later') return new RetryAfterError(PLANNED_FAILURE, RETRY_AFTER_MS);
  return new Error(PLANNED_FAILURE);
}
