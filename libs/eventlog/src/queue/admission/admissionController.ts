import { PrefetchLimit } from './prefetchLimit.ts';
import { ClaimPermit } from './claimPermit.ts';
import { RateLimiter, type StartRate } from './rateLimiter.ts';
import { RunSemaphore } from './runSemaphore.ts';

export interface AdmissionOptions {
  /** Runs at once. */
  readonly concurrency: number;
  readonly rate?: StartRate | undefined;
  /** There is more room than a moment ago. */
  readonly onAvailable: () => void;
}

type Waiter = (pass: ClaimPermit | undefined) => void;

/** The rate is looked at so seldom at least that a high one does not keep a timer busy. */
const TICK_MS = 10;

/**
 * Decides what may start when: so many at once, so many in a time. The others wait in the order in which they came. Where
 * runs are short, more are claimed at once than run.
 */
export class AdmissionController {
  readonly #onRoom: () => void;
  readonly #window: RateLimiter | undefined;
  readonly #concurrency: number;
  readonly #ahead: PrefetchLimit;
  readonly #slots: RunSemaphore;
  #passes = 0;
  #waiting: Waiter[] = [];
  #ticking: NodeJS.Timeout | undefined;
  #closed = false;

  constructor({ concurrency, rate, onAvailable }: AdmissionOptions) {
    this.#concurrency = concurrency;
    this.#onRoom = onAvailable;
    this.#window = rate && new RateLimiter(rate);
    this.#ahead = new PrefetchLimit(concurrency);
    this.#slots = new RunSemaphore(concurrency);
  }

  /** A delivery of this size came: it is held until its end. */
  recordSize(bytes: number): void {
    this.#ahead.recordSize(bytes);
  }

  /** Passes that may be out at once. */
  capacity(): number {
    return this.#concurrency + this.#ahead.extra();
  }

  /** How many more may start now, apart from those that wait. */
  available(): number {
    const allowed = this.#window?.available(performance.now()) ?? Infinity;
    return Math.max(0, Math.min(this.capacity() - this.#passes, allowed) - this.#waiting.length);
  }

  /** A pass when it is one's turn, which may be now, or undefined when those who wait are turned away. */
  acquire(): ClaimPermit | Promise<ClaimPermit | undefined> | undefined {
    if (this.#closed) return undefined;
    if (this.#waiting.length === 0 && this.#isOpen()) return this.#pass();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Tells all who wait that it will not be their turn. Those with a pass go on. */
  rejectWaiting(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const waiter of waiting) waiter(undefined);
  }

  /** Turns away all who wait and who come from now on. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#ticking);
    this.rejectWaiting();
  }

  #isOpen(): boolean {
    return (
      this.#passes < this.capacity() && (this.#window === undefined || this.#window.available(performance.now()) > 0)
    );
  }

  #pass(): ClaimPermit {
    const at = performance.now();
    this.#passes++;
    this.#window?.acquire(at);
    this.#tickLater();
    const onEnd = (started: boolean) => {
      this.#passes--;
      if (!started) this.#window?.refund(at);
      this.#letIn();
      this.#onRoom();
    };
    return new ClaimPermit({ slots: this.#slots, prefetch: this.#ahead, onEnd });
  }

  #letIn(): void {
    while (this.#waiting.length > 0 && this.#isOpen()) this.#waiting.shift()?.(this.#pass());
  }

  /** Ticks as long as starts count against the rate. */
  #tickLater(): void {
    if (this.#ticking !== undefined || this.#closed) return;
    const ms = this.#window?.nextAvailableMs(performance.now());
    if (ms !== undefined) this.#ticking = setTimeout(() => this.#tick(), Math.max(ms, TICK_MS));
  }

  #tick(): void {
    this.#ticking = undefined;
    this.#letIn();
    this.#onRoom();
    this.#tickLater();
  }
}
