/**
 * The newest event of a job that this process knows to be in the log, by its sequence: one that it appended or read. Whoever
 * has been shown what the process knows can ask for a table that has it all.
 */
export class ReachedPosition {
  #sequence = 0;

  /** 0 as long as no event of a job was appended or read. */
  get sequence(): number {
    return this.#sequence;
  }

  note(sequence: number): void {
    if (sequence > this.#sequence) this.#sequence = sequence;
  }
}
