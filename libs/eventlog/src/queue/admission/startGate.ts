import { ClaimAhead } from './claimAhead.ts';
import { Pass } from './pass.ts';
import { RateWindow, type StartRate } from './rateWindow.ts';
import { RunSlots } from './runSlots.ts';

export interface StartGateOptions {
  /** Runs at once. */
  readonly concurrency: number;
  readonly rate?: StartRate | undefined;
  /** There is more room than a moment ago. */
  readonly onRoom: () => void;
}

type Waiter = (pass: Pass | undefined) => void;

/** The rate is looked at so seldom at least that a high one does not keep a timer busy. */
const TICK_MS = 10;

/**
 * Decides what may start when: so many at once, so many in a time. The others wait in the order in which they came. Where
 * runs are short, more are claimed at once than run.
 */
export class StartGate {
  readonly #onRoom: () => void;
  readonly #window: RateWindow | undefined;
  readonly #concurrency: number;
  readonly #ahead: ClaimAhead;
  readonly #slots: RunSlots;
  #passes = 0;
  #waiting: Waiter[] = [];
  #ticking: NodeJS.Timeout | undefined;
  #closed = false;

  constructor({ concurrency, rate, onRoom }: StartGateOptions) {
    this.#concurrency = concurrency;
    this.#onRoom = onRoom;
    this.#window = rate && new RateWindow(rate);
    this.#ahead = new ClaimAhead(concurrency);
    this.#slots = new RunSlots(concurrency);
  }

  /** A delivery of this size came: it is held until its end. */
  arrived(bytes: number): void {
    this.#ahead.arrived(bytes);
  }

  /** Passes that may be out at once. */
  capacity(): number {
    return this.#concurrency + this.#ahead.extra();
  }

  /** How many more may start now, apart from those that wait. */
  room(): number {
    const allowed = this.#window?.free(performance.now()) ?? Infinity;
    return Math.max(0, Math.min(this.capacity() - this.#passes, allowed) - this.#waiting.length);
  }

  /** A pass when it is one's turn, which may be now, or undefined when those who wait are turned away. */
  enter(): Pass | Promise<Pass | undefined> | undefined {
    if (this.#closed) return undefined;
    if (this.#waiting.length === 0 && this.#isOpen()) return this.#pass();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Tells all who wait that it will not be their turn. Those with a pass go on. */
  turnAway(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const waiter of waiting) waiter(undefined);
  }

  /** Turns away all who wait and who come from now on. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#ticking);
    this.turnAway();
  }

  #isOpen(): boolean {
    return this.#passes < this.capacity() && (this.#window === undefined || this.#window.free(performance.now()) > 0);
  }

  #pass(): Pass {
    const at = performance.now();
    this.#passes++;
    this.#window?.take(at);
    this.#tickLater();
    const onEnd = (started: boolean) => {
      this.#passes--;
      if (!started) this.#window?.giveBack(at);
      this.#letIn();
      this.#onRoom();
    };
    return new Pass({ slots: this.#slots, ahead: this.#ahead, onEnd });
  }

  #letIn(): void {
    while (this.#waiting.length > 0 && this.#isOpen()) this.#waiting.shift()?.(this.#pass());
  }

  /** Ticks as long as starts count against the rate. */
  #tickLater(): void {
    if (this.#ticking !== undefined || this.#closed) return;
    const ms = this.#window?.nextFreeMs(performance.now());
    if (ms !== undefined) this.#ticking = setTimeout(() => this.#tick(), Math.max(ms, TICK_MS));
  }

  #tick(): void {
    this.#ticking = undefined;
    this.#letIn();
    this.#onRoom();
    this.#tickLater();
  }
}
