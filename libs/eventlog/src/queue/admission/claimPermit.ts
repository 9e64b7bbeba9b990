import type { PrefetchLimit } from './prefetchLimit.ts';
import type { RunSemaphore } from './runSemaphore.ts';

export interface ClaimPermitOptions {
  readonly slots: RunSemaphore;
  readonly prefetch: PrefetchLimit;
  /** It was given back; `started` false says that it did not count. */
  readonly onEnd: (started: boolean) => void;
}

/** Leave to claim a job and, when there is a slot, to run it. */
export class ClaimPermit {
  readonly #options: ClaimPermitOptions;
  readonly #enteredAt = performance.now();
  #ranFrom: number | undefined;
  #ended = false;

  constructor(options: ClaimPermitOptions) {
    this.#options = options;
  }

  /** For when the job is claimed: whether it may run, now or in a moment. Who has a slot keeps it. */
  acquireSlot(): true | Promise<boolean> {
    if (this.#ranFrom !== undefined) return true;
    const { prefetch, slots } = this.#options;
    const claimedAt = performance.now();
    prefetch.recordClaim(claimedAt - this.#enteredAt);
    const slot = slots.acquire();
    if (slot !== true) return slot.then((granted) => this.#onSlot(granted, claimedAt));
    this.#ranFrom = claimedAt;
    return true;
  }

  /** For the end, once or more often; `started` false says that it did not count against the rate. */
  release(started: boolean): void {
    if (this.#ended) return;
    this.#ended = true;
    const { prefetch, slots, onEnd } = this.#options;
    if (this.#ranFrom !== undefined) {
      prefetch.recordRun(performance.now() - this.#ranFrom);
      slots.release();
    }
    onEnd(started);
  }

  #onSlot(granted: boolean, claimedAt: number): boolean {
    const now = performance.now();
    this.#options.prefetch.recordRun(now - claimedAt);
    if (granted) this.#ranFrom = now;
    return granted;
  }
}
