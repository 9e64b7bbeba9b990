/** How many clients may read the log on their own at once; the others wait for their turn. */
export class ReaderPlaces {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(places = 16) {
    this.#free = places;
  }

  /** Resolves when it is one's turn, to how to make room for the next. */
  async enter(): Promise<() => void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return () => this.#leave();
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next();
  }
}
