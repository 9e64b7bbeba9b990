const SWEEP_MS = 100;

/** Looks every 100 ms for what has waited too long, while anything waits: a process that has nothing to do is not woken. */
export class Sweeper {
  readonly #sweep: () => boolean;
  #timer: NodeJS.Timeout | undefined;

  /** `sweep` returns whether anything still waits. */
  constructor(sweep: () => boolean) {
    this.#sweep = sweep;
  }

  /** To be called when something begins to wait. */
  start(): void {
    this.#timer ??= setInterval(() => {
      if (!this.#sweep()) this.stop();
    }, SWEEP_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
