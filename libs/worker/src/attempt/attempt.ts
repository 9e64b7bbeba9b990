import { systemTimers, type Delivery, type Timer, type Timers } from '@jobstream/eventlog';
import type { Logger } from '../handler/logger.ts';
import type { Handler } from '../handler/jobHandler.ts';
import { AttemptAbortedError } from '../handler/handlerErrors.ts';
import type { JobChain } from './chain/jobChain.ts';
import type { Awakening } from './waits/openWaits.ts';

/**
 * An attempt whose start is in the log: the value that goes through the steps of the pipeline. It is *overtaken* once
 * the job has moved on without it: another worker took the job over, or a client changed it, so that the next append of
 * this attempt conflicts. The outcome of an overtaken attempt is discarded.
 */
export interface Attempt {
  readonly delivery: Delivery;
  readonly chain: JobChain;
  readonly handler: Handler;
  /** The id of its JobStarted, or of the JobResumed: unlike the number, it is never used again for this or any other job. */
  readonly runId: string;
  /** 1 for the first attempt. */
  readonly number: number;
  readonly logger: Logger;
}

/** How the run of a handler ended, or why there was none. What a handler does after its signal was aborted is ignored. */
export type Ending =
  | { readonly kind: 'returned'; readonly value: unknown }
  | { readonly kind: 'threw'; readonly error: unknown }
  | { readonly kind: 'aborted'; readonly error: AttemptAbortedError }
  | ({ readonly kind: 'suspended' } & Awakening)
  | { readonly kind: 'unstarted'; readonly reason: string };

export type Outcome = Ending & { readonly durationMs: number };

/** The abort signal of one attempt and its deadline, which begins now. */
export class AttemptAbort {
  readonly #controller = new AbortController();
  readonly #timers: Timers;
  readonly #deadline: Timer;
  #error: AttemptAbortedError | undefined;
  #onAbort: ((error: AttemptAbortedError) => void) | undefined;

  /** @param leftMs milliseconds of `timeoutMs` that an earlier run of the attempt has left. */
  constructor(timeoutMs: number, timers = systemTimers, leftMs = timeoutMs) {
    this.#timers = timers;
    this.#deadline = timers.setTimeout(() => {
      this.#abort('timeout', `the attempt took longer than ${timeoutMs} ms`);
    }, leftMs);
  }

  /** Why it was aborted, if it was. */
  get error(): AttemptAbortedError | undefined {
    return this.#error;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Sets the only callback, called at the abort, or at once if that has happened; undefined removes it. */
  onAbort(callback: ((error: AttemptAbortedError) => void) | undefined): void {
    this.#onAbort = callback;
    if (this.#error !== undefined) callback?.(this.#error);
  }

  closing(): void {
    this.#abort('shutdown', 'the worker is shutting down');
  }

  cancelled(): void {
    this.#abort('cancelled', 'the job was cancelled');
  }

  overtaken(): void {
    this.#abort('overtaken', 'the job has moved on without this attempt');
  }

  /** Stops the deadline: the run is over. */
  over(): void {
    this.#timers.clearTimeout(this.#deadline);
  }

  #abort(kind: AttemptAbortedError['kind'], detail: string): void {
    if (this.#error !== undefined) return;
    this.#error = new AttemptAbortedError(kind, detail);
    this.#controller.abort(this.#error);
    this.#onAbort?.(this.#error);
  }
}
