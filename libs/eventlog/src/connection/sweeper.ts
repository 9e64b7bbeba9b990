const SWEEP_MS = 100;

/** Looks every 100 ms for what has waited too long, from `start` to `stop`: a process that waits for nothing is not woken. */
export class Sweeper {
  readonly #sweep: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(sweep: () => void) {
    this.#sweep = sweep;
  }

  /** To be called when something begins to wait, also while something does already. */
  start(): void {
    this.#timer ??= setInterval(this.#sweep, SWEEP_MS);
  }

  /** To be called when nothing waits any more. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
