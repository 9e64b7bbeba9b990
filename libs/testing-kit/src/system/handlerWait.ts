/** Waits for handlers, which use their own time, but not for ever for those that may wait for the clock of the test. */
export class HandlerWait {
  readonly #patienceMs: number;
  /** Work that has outlasted the patience: it goes on, but is not waited for before a timer of the handlers has fired. */
  #outlasting = new WeakSet<Promise<void>>();
  #woken = Promise.withResolvers<void>();

  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
  }

  /** Resolves when some of the work is done, or there is other news; to true when there is nothing left to wait for. */
  async isOver(working: readonly Promise<void>[]): Promise<boolean> {
    const awaited = working.filter((work) => !this.#outlasting.has(work));
    if (awaited.length === 0) return true;
    let timer: NodeJS.Timeout | undefined;
    const impatience = new Promise<'impatient'>((resolve) => {
      timer = setTimeout(resolve, this.#patienceMs, 'impatient');
    });
    const first = await Promise.race([this.#woken.promise, impatience, ...awaited]);
    clearTimeout(timer);
    if (first === 'impatient') for (const work of awaited) this.#outlasting.add(work);
    return false;
  }

  /** Waits for all work again: some of it may have waited for the clock. */
  begin(): void {
    this.#outlasting = new WeakSet();
  }

  /** Ends the wait: the work may have gone. */
  wake(): void {
    this.#woken.resolve();
    this.#woken = Promise.withResolvers();
  }
}
