export interface CatchUpLimits {
  readonly most: number;
  /** How long a client may read earlier events while others wait, in milliseconds. */
  readonly turnMs: number;
}

/** Limits how many clients catch up with the log at once; the others wait for their turn. */
export class CatchUpSemaphore {
  readonly #turnMs: number;
  readonly #waiting = new Set<() => void>();
  /** Callbacks of clients whose turn is over. */
  readonly #overdue = new Set<() => void>();
  readonly #asked = new Set<() => void>();
  #free: number;

  constructor({ most = 16, turnMs = 60_000 }: Partial<CatchUpLimits> = {}) {
    this.#free = most;
    this.#turnMs = turnMs;
  }

  /**
   * Waits for a turn.
   *
   * @param onTurnOver is called when the turn is over and others wait.
   * @returns a function that ends the turn; undefined when the signal was aborted before it began.
   */
  async enter(signal: AbortSignal, onTurnOver: () => void): Promise<(() => void) | undefined> {
    if (this.#free > 0) this.#free--;
    else if (!(await this.#turn(signal))) return undefined;
    const timer = setTimeout(() => {
      this.#overdue.add(onTurnOver);
      this.#endOverdueTurns();
    }, this.#turnMs);
    return () => {
      clearTimeout(timer);
      this.#overdue.delete(onTurnOver);
      this.#asked.delete(onTurnOver);
      this.#leave();
    };
  }

  /** Resolves to false when the signal was aborted first. */
  #turn(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const come = () => {
      signal.removeEventListener('abort', giveUp);
      resolve(true);
    };
    const giveUp = () => {
      this.#waiting.delete(come);
      resolve(false);
    };
    signal.addEventListener('abort', giveUp, { once: true });
    this.#waiting.add(come);
    this.#endOverdueTurns();
    return promise;
  }

  /** Ends as many overdue turns as there are waiting clients. */
  #endOverdueTurns(): void {
    for (const onTurnOver of this.#overdue) {
      if (this.#asked.size >= this.#waiting.size) return;
      this.#overdue.delete(onTurnOver);
      this.#asked.add(onTurnOver);
      onTurnOver();
    }
  }

  #leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free++;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
