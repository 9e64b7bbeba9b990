const firstPauseMs = 500;
const longestPauseMs = 30_000;

/** Starts something again after it has ended by itself, with a pause that doubles while it does not stay up. */
export class Restarter {
  readonly #name: string;
  readonly #start: () => Promise<void>;
  readonly #say: (line: string) => void;
  #pauseMs = firstPauseMs;
  #startedAt = Date.now();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(name: string, start: () => Promise<void>, say: (line: string) => void) {
    this.#name = name;
    this.#start = start;
    this.#say = say;
  }

  /** To be called when it has ended. */
  ended(how: string): void {
    if (this.#stopped) return;
    if (Date.now() - this.#startedAt > longestPauseMs) this.#pauseMs = firstPauseMs;
    this.#say(`${this.#name} ended (${how}); starting it again in ${this.#pauseMs / 1000} s`);
    this.#timer = setTimeout(() => void this.#again(), this.#pauseMs);
    this.#pauseMs = Math.min(this.#pauseMs * 2, longestPauseMs);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async #again(): Promise<void> {
    this.#startedAt = Date.now();
    try {
      await this.#start();
      if (!this.#stopped) this.#say(`${this.#name} runs again`);
    } catch (error) {
      this.ended(error instanceof Error ? error.message : String(error));
    }
  }
}
