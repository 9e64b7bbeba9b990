import { UnavailableError } from './errors.ts';

/** Where a client warns that it tries again; false turns the warnings off. */
export type Warn = ((sentence: string) => void) | false;

const WARN_AFTER_MS = 2_000;

/** Begins for each request that is repeated; `end` must be called. */
interface WatchedRequest {
  /** Notes why the last try has failed; from then on a request of any kind is warned of. */
  readonly failed: (error: unknown) => void;
  readonly end: (answered: boolean) => void;
}

/**
 * Warns once, until something is answered, that requests have not been answered for two seconds: a program that waits for an API that
 * is not there looks as if it hung.
 */
export class RetryWarning {
  readonly #warn: Warn;
  readonly #retryForMs: number;
  #isGiven = false;

  constructor(warn: Warn, retryForMs: number) {
    this.#warn = warn;
    this.#retryForMs = retryForMs;
  }

  /**
   * @param asked the request, such as `POST /api/jobs`.
   * @param api the address, for the first failure is about it.
   * @param isQuick whether the API answers such a request at once, so that a silence is worth a warning as well.
   */
  watch(asked: string, api: string, isQuick: boolean): WatchedRequest {
    const begun = Date.now();
    let why = `${asked}: the API at ${api} does not answer.`;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const begin = () => {
      if (this.#warn === false || this.#retryForMs <= WARN_AFTER_MS) return;
      timer ??= setTimeout(() => this.#say(why), Math.max(0, begun + WARN_AFTER_MS - Date.now()));
    };
    if (isQuick) begin();
    return {
      failed: (error) => {
        if (error instanceof UnavailableError) why = error.message;
        begin();
      },
      end: (answered) => {
        clearTimeout(timer);
        if (answered) this.#isGiven = false;
      },
    };
  }

  #say(why: string): void {
    if (this.#isGiven || this.#warn === false) return;
    this.#isGiven = true;
    this.#warn(`jobstream: ${why.replace(/\.$/u, '')}. Trying again for ${Math.round(this.#retryForMs / 1_000)} s.`);
  }
}
