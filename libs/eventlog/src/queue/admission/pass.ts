import type { ClaimAhead } from './claimAhead.ts';
import type { RunSlots } from './runSlots.ts';

export interface PassOptions {
  readonly slots: RunSlots;
  readonly ahead: ClaimAhead;
  /** It was given back; `started` false says that it did not count. */
  readonly onEnd: (started: boolean) => void;
}

/** Leave to claim a job and, when there is a slot, to run it. */
export class Pass {
  readonly #options: PassOptions;
  readonly #enteredAt = performance.now();
  #ranFrom: number | undefined;
  #ended = false;

  constructor(options: PassOptions) {
    this.#options = options;
  }

  /** For when the job is claimed: whether it may run, now or in a moment. Who has a slot keeps it. */
  takeSlot(): true | Promise<boolean> {
    if (this.#ranFrom !== undefined) return true;
    const { ahead, slots } = this.#options;
    const claimedAt = performance.now();
    ahead.claimed(claimedAt - this.#enteredAt);
    const slot = slots.take();
    if (slot !== true) return slot.then((granted) => this.#onSlot(granted, claimedAt));
    this.#ranFrom = claimedAt;
    return true;
  }

  /** For the end, once or more often; `started` false says that it did not count against the rate. */
  giveBack(started: boolean): void {
    if (this.#ended) return;
    this.#ended = true;
    const { ahead, slots, onEnd } = this.#options;
    if (this.#ranFrom !== undefined) {
      ahead.ran(performance.now() - this.#ranFrom);
      slots.giveBack();
    }
    onEnd(started);
  }

  #onSlot(granted: boolean, claimedAt: number): boolean {
    const now = performance.now();
    this.#options.ahead.ran(now - claimedAt);
    if (granted) this.#ranFrom = now;
    return granted;
  }
}
