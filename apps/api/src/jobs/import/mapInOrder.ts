export interface OrderedWork<Item, Result> {
  /** Must not reject. */
  readonly work: (item: Item) => Promise<Result>;
  readonly sizeOf: (item: Item) => number;
  /** The maximum number of concurrent items, and of their total size unless a single one is larger. */
  readonly maxItems: number;
  readonly maxSize: number;
}

interface Slot<Result> {
  readonly size: number;
  outcome?: { readonly result: Result };
}

/**
 * Maps items concurrently and yields the results in the order of the items, in arrays.
 *
 * Items are taken only within the limits. When the signal is aborted, no more are taken; those in process are finished.
 */
export async function* mapInOrder<Item, Result>(
  batches: AsyncIterable<readonly Item[]>,
  crew: OrderedWork<Item, Result>,
  signal: AbortSignal,
): AsyncGenerator<readonly Result[]> {
  const line = new OrderedWorkers(crew, signal);
  signal.addEventListener('abort', line.wake, { once: true });
  const filling = line.fill(batches);
  filling.catch(() => undefined); // rethrown below unless aborted
  yield* line.results();
  if (!signal.aborted) await filling;
}

class OrderedWorkers<Item, Result> {
  readonly #crew: OrderedWork<Item, Result>;
  readonly #signal: AbortSignal;
  #slots: Slot<Result>[] = [];
  #size = 0;
  #filled = false;
  #change = Promise.withResolvers<void>();

  constructor(crew: OrderedWork<Item, Result>, signal: AbortSignal) {
    this.#crew = crew;
    this.#signal = signal;
  }

  readonly wake = (): void => {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  };

  async fill(batches: AsyncIterable<readonly Item[]>): Promise<void> {
    try {
      for await (const items of batches) {
        for (const item of items) {
          while (!this.#hasRoomFor(item) && !this.#signal.aborted) await this.#change.promise;
          if (this.#signal.aborted) return;
          this.#begin(item);
        }
      }
    } finally {
      this.#filled = true;
      this.wake();
    }
  }

  async *results(): AsyncGenerator<readonly Result[]> {
    for (;;) {
      const done = this.#takeDone();
      if (done.length > 0) yield done;
      else if (this.#slots.length > 0 || !(this.#filled || this.#signal.aborted)) await this.#change.promise;
      else return;
    }
  }

  #hasRoomFor(item: Item): boolean {
    const { maxItems, maxSize, sizeOf } = this.#crew;
    if (this.#slots.length === 0) return true;
    return this.#slots.length < maxItems && this.#size + sizeOf(item) <= maxSize;
  }

  #begin(item: Item): void {
    const slot: Slot<Result> = { size: this.#crew.sizeOf(item) };
    this.#slots.push(slot);
    this.#size += slot.size;
    void this.#work(item, slot);
  }

  async #work(item: Item, slot: Slot<Result>): Promise<void> {
    slot.outcome = { result: await this.#crew.work(item) };
    if (slot === this.#slots[0]) this.wake();
  }

  #takeDone(): Result[] {
    const firstOpen = this.#slots.findIndex(({ outcome }) => outcome === undefined);
    const done = this.#slots.splice(0, firstOpen === -1 ? this.#slots.length : firstOpen);
    for (const { size } of done) this.#size -= size;
    if (done.length > 0) this.wake();
    return done.flatMap(({ outcome }) => (outcome === undefined ? [] : [outcome.result]));
  }
}
