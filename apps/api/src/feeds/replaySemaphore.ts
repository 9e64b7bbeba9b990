export interface ReplayLimits {
  readonly most: number;
  /** How long one may stay while others wait. */
  readonly turnMs: number;
}

/** How many clients may read the log on their own at once; the others wait for their turn. */
export class ReplaySemaphore {
  readonly #turnMs: number;
  readonly #waiting = new Set<() => void>();
  /** How to ask those to go who have been here for long. */
  readonly #overdue = new Set<() => void>();
  readonly #asked = new Set<() => void>();
  #free: number;

  constructor({ most = 16, turnMs = 60_000 }: Partial<ReplayLimits> = {}) {
    this.#free = most;
    this.#turnMs = turnMs;
  }

  /**
   * Resolves when it is one's turn, to how to make room for the next; to undefined when the signal is aborted before.
   * `giveWay` is called when one has stayed for long and others wait.
   */
  async enter(signal: AbortSignal, giveWay: () => void): Promise<(() => void) | undefined> {
    if (this.#free > 0) this.#free--;
    else if (!(await this.#turn(signal))) return undefined;
    const timer = setTimeout(() => {
      this.#overdue.add(giveWay);
      this.#makeRoom();
    }, this.#turnMs);
    return () => {
      clearTimeout(timer);
      this.#overdue.delete(giveWay);
      this.#asked.delete(giveWay);
      this.#leave();
    };
  }

  /** False when the signal was aborted first. */
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
    this.#makeRoom();
    return promise;
  }

  /** Asks no more to go than there are waiting. */
  #makeRoom(): void {
    for (const giveWay of this.#overdue) {
      if (this.#asked.size >= this.#waiting.size) return;
      this.#overdue.delete(giveWay);
      this.#asked.add(giveWay);
      giveWay();
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
