import { LinkedSet } from '../../connection/linkedSet.ts';

/** After so long without a slot a claimed job is better off with another worker. */
const WAIT_MS = 500;

/** Leave to run, for so many at once. Who finds no slot free waits in order of arrival, and not for long. */
export class RunSemaphore {
  readonly #waitMs: number;
  readonly #waiting = new LinkedSet<(granted: boolean) => void>();
  #free: number;

  constructor(slots: number, waitMs = WAIT_MS) {
    this.#free = slots;
    this.#waitMs = waitMs;
  }

  /** True, at once if a slot is free, or else in a moment; false if none became free in time. */
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
        clearTimeout(overdue);
        this.#waiting.remove(place);
        resolve(granted);
      };
      const overdue = setTimeout(settle, this.#waitMs, false);
      const place = this.#waiting.add(settle);
    });
  }
}
