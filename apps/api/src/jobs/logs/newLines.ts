import type { ApiDeps } from '../../apiDeps.ts';

/** After a hint: what it tells of may be readable only a moment later. */
const PAUSES_MS = [10, 50, 250];

/** Tells when to read the lines of a followed attempt again: soon after a hint, else seldom. */
export class NewLines implements Disposable {
  readonly #untoldMs: number;
  readonly #watch: { leave(): void };
  readonly #unsubscribe: () => void;
  /** How many reads there were since the last hint. */
  #quiet = PAUSES_MS.length;
  #wake: () => void = () => undefined;

  /** @throws LogUnavailableError */
  static async of(jobId: string, deps: Pick<ApiDeps, 'log' | 'tail' | 'limits'>): Promise<NewLines> {
    await deps.tail.ensureStarted();
    return new NewLines(jobId, deps);
  }

  private constructor(jobId: string, { log, tail, limits }: Pick<ApiDeps, 'log' | 'tail' | 'limits'>) {
    this.#untoldMs = limits.untoldLinesMs;
    this.#watch = tail.watch(jobId, { onEvent: this.#onHint, onEnd: () => undefined });
    this.#unsubscribe = log.attemptLogs.subscribe(jobId, this.#onHint);
  }

  /** Resolves when it is time, or with the signal. */
  async next(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const ms = PAUSES_MS[this.#quiet] ?? this.#untoldMs;
    this.#quiet += 1;
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = () => resolve();
    this.#wake = wake;
    const timer = setTimeout(wake, ms);
    signal.addEventListener('abort', wake, { once: true });
    await promise;
    signal.removeEventListener('abort', wake);
    clearTimeout(timer);
  }

  [Symbol.dispose](): void {
    this.#watch.leave();
    this.#unsubscribe();
  }

  readonly #onHint = (): void => {
    this.#quiet = 0;
    this.#wake();
  };
}
