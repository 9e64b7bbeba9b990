import { LinkedSet } from '../../connection/linkedSet.ts';

/** Default `waitMs`: a job claimed for longer without a slot is better off with another worker. */
const WAIT_MS = 500;

/** Limits how many jobs run at once. Waiters are FIFO and time out after `waitMs`. */
export class RunSemaphore {
  readonly #waitMs: number;
  readonly #waiting = new LinkedSet<(granted: boolean) => void>();
  #free: number;

  constructor(slots: number, waitMs = WAIT_MS) {
    this.#free = slots;
    this.#waitMs = waitMs;
  }

  /** Returns true at once if a slot is free, or else a promise: false if none became free in time. */
  acquire(): true | Promise<boolean> {
    if (this.#free === 0) return this.#wait();
    this.#free--;
    return true;
  }

  release(): void {
    const next = this.#waiting.first;
    if (next === undefined) this.#free++;
    else next(true);
  }

  #wait(): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (granted: boolean) => {
        clearTimeout(timeout);
        this.#waiting.remove(place);
        resolve(granted);
      };
      const timeout = setTimeout(settle, this.#waitMs, false);
      const place = this.#waiting.add(settle);
    });
  }
}
