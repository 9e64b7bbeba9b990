import type { VirtualClock } from '@jobstream/eventlog';
import type { SeededRandom } from '../../chaos/seededRandom.ts';

/** What goes wrong between the processes and the server; each number is a probability. */
export interface Weather {
  /** A message is lost. */
  readonly loss: number;
  /** A message takes up to seconds. */
  readonly slow: number;
  /** A message takes up to ten seconds. */
  readonly stuck: number;
  /** A delivery is made again although its worker has it. */
  readonly doubled: number;
  /** A process dies right before or right after a request. */
  readonly death: number;
}

export const CALM: Weather = { loss: 0, slow: 0, stuck: 0, doubled: 0, death: 0 };

const USUAL_MS = 3;
const SLOW_MS = 3_000;
const STUCK_MS = 10_000;

/** Carries messages. When each arrives, and whether it does, follows from the seed alone. */
export class Network {
  weather: Weather;
  readonly #clock: VirtualClock;
  readonly #random: SeededRandom;
  #downUntil = 0;

  constructor(clock: VirtualClock, random: SeededRandom, weather: Weather) {
    this.#clock = clock;
    this.#random = random;
    this.weather = weather;
  }

  /** Calls back when a message arrives, unless it is lost. Between processes that stand still until an instant it arrives after it. */
  send(onArrival: () => void, notBefore = 0): void {
    if (this.#isDown || this.chance('loss')) return;
    const arrivesAt = Math.max(notBefore, this.#clock.now()) + this.#latencyMs();
    this.#clock.setTimeout(() => void (this.#isDown || onArrival()), arrivesAt - this.#clock.now());
  }

  /** Loses everything until an instant, as while the server is down. */
  breakUntil(instant: number): void {
    this.#downUntil = instant;
  }

  get #isDown(): boolean {
    return this.#clock.now() < this.#downUntil;
  }

  /** Whether something happens that the weather has a probability for. */
  chance(kind: keyof Weather): boolean {
    const probability = this.weather[kind];
    return probability > 0 && this.#random.chance(probability);
  }

  #latencyMs(): number {
    if (this.chance('stuck')) return this.#random.int(USUAL_MS, STUCK_MS);
    return this.#random.int(0, this.chance('slow') ? SLOW_MS : USUAL_MS);
  }
}
