import type { VirtualClock } from '@jobstream/eventlog';

/** What has happened at the server, and to the processes, in order: of one seed always the same. */
export class Trace {
  readonly lines: string[] = [];
  readonly #clock: VirtualClock;
  readonly #startedAt: number;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
    this.#startedAt = clock.now();
  }

  add(...words: readonly string[]): void {
    const seconds = ((this.#clock.now() - this.#startedAt) / 1_000).toFixed(3).padStart(10);
    this.lines.push(`${seconds} ${words.filter((word) => word !== '').join(' ')}`);
  }
}
