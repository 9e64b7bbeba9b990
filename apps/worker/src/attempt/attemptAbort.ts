import { AttemptAbortedError } from '../handler/attemptAbortedError.ts';

/** The signal of one attempt: aborted at its deadline, when the worker closes, when the job is cancelled or has moved on. */
export class AttemptAbort {
  readonly #controller = new AbortController();
  readonly #deadline: NodeJS.Timeout;
  #error: AttemptAbortedError | undefined;
  #onAbort: ((error: AttemptAbortedError) => void) | undefined;

  constructor(timeoutMs: number) {
    this.#deadline = setTimeout(() => {
      this.#abort('timeout', `the attempt took longer than ${timeoutMs} ms`);
    }, timeoutMs);
  }

  /** Why it was aborted, if it was. */
  get error(): AttemptAbortedError | undefined {
    return this.#error;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Calls this back alone when it is aborted, or at once if it is already; undefined: nobody. */
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

  /** There is nothing left to abort. */
  over(): void {
    clearTimeout(this.#deadline);
  }

  #abort(why: AttemptAbortedError['why'], detail: string): void {
    if (this.#error !== undefined) return;
    this.#error = new AttemptAbortedError(why, detail);
    this.#controller.abort(this.#error);
    this.#onAbort?.(this.#error);
  }
}
