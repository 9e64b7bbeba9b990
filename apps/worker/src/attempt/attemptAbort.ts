import { AttemptAbortedError } from '../handler/attemptAbortedError.ts';

/** The signal of one attempt: aborted at its deadline, when the worker closes, when the job is cancelled or has moved on. */
export class AttemptAbort implements Disposable {
  readonly #controller = new AbortController();
  readonly #closing: AbortSignal;
  readonly #deadline: NodeJS.Timeout;

  constructor(timeoutMs: number, closing: AbortSignal) {
    this.#closing = closing;
    this.#deadline = setTimeout(
      () => this.#abort('timeout', `the attempt took longer than ${timeoutMs} ms`),
      timeoutMs,
    );
    closing.addEventListener('abort', this.#close, { once: true });
    if (closing.aborted) this.#close();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  cancelled(): void {
    this.#abort('cancelled', 'the job was cancelled');
  }

  overtaken(): void {
    this.#abort('overtaken', 'the job has moved on without this attempt');
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#deadline);
    this.#closing.removeEventListener('abort', this.#close);
  }

  readonly #close = () => this.#abort('shutdown', 'the worker is shutting down');

  #abort(why: AttemptAbortedError['why'], detail: string): void {
    this.#controller.abort(new AttemptAbortedError(why, detail));
  }
}
