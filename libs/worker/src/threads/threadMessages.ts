import type { MessagePort } from 'node:worker_threads';
import type { JobContext, JobProgress } from '../handler/jobHandler.ts';
import type { AttemptAbortedError } from '../handler/handlerErrors.ts';
import type { SleepOptions } from '../handler/sleep.ts';
import type { SleepLength } from '../attempt/waits/sleepCall.ts';
import type { StepContext, StepOptions } from '../handler/step.ts';
import type { WaitOptions } from '../handler/waitFor.ts';

/** What a thread is given to run a handler. */
export interface ThreadTask {
  /** The URL of the module whose default export is the handler. */
  readonly module: string;
  readonly payload: unknown;
  readonly attempt: Pick<JobContext, 'job' | 'attempt' | 'runId' | 'traceparent'>;
  /** Carries ToThread to the thread and FromThread back. */
  readonly port: MessagePort;
}

export type ToThread =
  | { readonly kind: 'abort'; readonly reason: AttemptAbortedError['kind']; readonly detail: string }
  /** The work of a step is to be run. */
  | { readonly kind: 'run-step'; readonly id: number; readonly step: Omit<StepContext, 'signal'> }
  /** The step, sleep or wait is over: its call settles. */
  | { readonly kind: 'step-over'; readonly id: number; readonly outcome: ThreadOutcome };

export type FromThread =
  | { readonly kind: 'progress'; readonly progress: JobProgress }
  /** The handler has called `ctx.step`, for the `id`-th time. */
  | { readonly kind: 'step'; readonly id: number; readonly name: string; readonly options: StepOptions }
  /** The handler has called `ctx.sleep` or `ctx.sleepUntil`. */
  | {
      readonly kind: 'sleep';
      readonly id: number;
      readonly name: string;
      readonly length: SleepLength;
      readonly options: SleepOptions | undefined;
    }
  /** The handler has called `ctx.waitFor`. */
  | {
      readonly kind: 'wait';
      readonly id: number;
      readonly name: string;
      readonly signal: string;
      readonly options: WaitOptions | undefined;
    }
  /** What follows on a step that is over has begun. */
  | { readonly kind: 'went-on'; readonly id: number }
  /** The work of a step has ended. */
  | { readonly kind: 'step-ran'; readonly id: number; readonly outcome: ThreadOutcome }
  | {
      readonly kind: 'log';
      readonly level: 'debug' | 'info' | 'warn' | 'error';
      readonly fields: object;
      readonly message: string | undefined;
    };

/** How a handler in a thread ended. Errors lose their class on the way between threads, so it is carried as a kind. */
export type ThreadOutcome =
  { readonly kind: 'returned'; readonly value: unknown } | { readonly kind: 'threw'; readonly error: ThrownInThread };

export interface ThrownInThread {
  readonly kind: 'error' | 'unrecoverable' | 'retry-after' | 'suspended' | 'not-an-error';
  readonly name: string;
  readonly message: string;
  readonly stack?: string | undefined;
  readonly code?: string | number | undefined;
  readonly retryAfterMs?: number | undefined;
}
