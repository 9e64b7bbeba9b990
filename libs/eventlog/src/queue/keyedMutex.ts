/** Runs tasks of the same key one after the other, in the order in which they came; other keys do not wait. */
export class KeyedMutex {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Settles with the task, which must not reject. */
  run<Result>(key: string, task: () => Promise<Result>): Promise<Result> {
    const earlier = this.#last.get(key);
    const turn = earlier === undefined ? task() : earlier.then(task);
    this.#last.set(key, turn);
    return turn.then((result) => {
      if (this.#last.get(key) === turn) this.#last.delete(key);
      return result;
    });
  }
}
