/**
 * Runs work at the end of this turn of the event loop, all of it together. The client writes to its socket after every microtask
 * that publishes, and a write costs several times as much as the messages in it: so what is published for one turn, appends as
 * well as acknowledgements, is published here.
 */
export class TurnEnd {
  #due: (() => void)[] = [];

  /** Work that throws ends the process, as in any other callback of the event loop. */
  run(work: () => void): void {
    if (this.#due.push(work) === 1) setImmediate(() => this.#runDue());
  }

  #runDue(): void {
    const due = this.#due;
    this.#due = [];
    for (const work of due) work();
  }
}
