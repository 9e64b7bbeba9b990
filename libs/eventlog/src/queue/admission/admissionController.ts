import type { Priority } from '@jobstream/domain';
import { systemTimers, type Timer, type Timers } from '../../connection/processTimers.ts';
import { PrefetchLimit } from './prefetchLimit.ts';
import { RateLimiter, type StartRate } from './rateLimiter.ts';
import { RunSemaphore } from './runSemaphore.ts';

export interface AdmissionOptions {
  /** Jobs run at once. */
  readonly concurrency: number;
  readonly rate?: StartRate | undefined;
  /** Called when more may start than a moment ago. */
  readonly onAvailable: () => void;
  /** The time in which the rate counts; default: that of the process. */
  readonly timers?: Timers | undefined;
}

interface Waiter {
  readonly priority: Priority;
  readonly admit: (permit: ClaimPermit | undefined) => void;
}

/** The order in which deliveries that have arrived begin. The lanes share how many arrive: see LaneShares. */
const RANK: Readonly<Record<Priority, number>> = { high: 0, normal: 1, low: 2 };
/** The rate is checked at most this often, so that a high one does not keep a timer busy. */
const TICK_MS = 10;

/**
 * Decides which deliveries may start: up to `concurrency` at once and no more than the rate. Others wait, those of higher priority
 * first, else in FIFO order.
 * Where runs are short, more jobs may be claimed at once than run.
 */
export class AdmissionController {
  readonly #onAvailable: () => void;
  readonly #rate: RateLimiter | undefined;
  readonly #concurrency: number;
  readonly #prefetch: PrefetchLimit;
  readonly #slots: RunSemaphore;
  readonly #timers: Timers;
  #permits = 0;
  #waiting: Waiter[] = [];
  #ticking: Timer | undefined;
  #closed = false;

  constructor({ concurrency, rate, onAvailable, timers = systemTimers }: AdmissionOptions) {
    this.#timers = timers;
    this.#concurrency = concurrency;
    this.#onAvailable = onAvailable;
    this.#rate = rate && new RateLimiter(rate);
    this.#prefetch = new PrefetchLimit(concurrency);
    this.#slots = new RunSemaphore(concurrency);
  }

  /** Records the size of a delivery that has arrived, which limits the jobs claimed ahead. */
  recordSize(bytes: number): void {
    this.#prefetch.recordSize(bytes);
  }

  /** Permits that may be held at once. */
  capacity(): number {
    return this.#concurrency + this.#prefetch.extra();
  }

  /** How many more may start now, not counting the waiters. */
  available(): number {
    const allowed = this.#rate?.available(this.#timers.now()) ?? Infinity;
    return Math.max(0, Math.min(this.capacity() - this.#permits, allowed) - this.#waiting.length);
  }

  /** Returns a permit at once, or when it is the caller's turn; undefined if waiters are rejected before that. */
  acquire(priority: Priority = 'normal'): ClaimPermit | Promise<ClaimPermit | undefined> | undefined {
    if (this.#closed) return undefined;
    if (this.#waiting.length === 0 && this.#isOpen()) return this.#grant();
    return new Promise((admit) => this.#wait({ priority, admit }));
  }

  /** Rejects all waiters. Deliveries with a permit go on. */
  rejectWaiting(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { admit } of waiting) admit(undefined);
  }

  /** Rejects all waiters and all later callers. */
  close(): void {
    this.#closed = true;
    this.#timers.clearTimeout(this.#ticking);
    this.rejectWaiting();
  }

  #wait(waiter: Waiter): void {
    const after = this.#waiting.findLastIndex(({ priority }) => RANK[priority] <= RANK[waiter.priority]);
    this.#waiting.splice(after + 1, 0, waiter);
  }

  #isOpen(): boolean {
    return (
      this.#permits < this.capacity() && (this.#rate === undefined || this.#rate.available(this.#timers.now()) > 0)
    );
  }

  #grant(): ClaimPermit {
    const at = this.#timers.now();
    this.#permits++;
    this.#rate?.acquire(at);
    this.#tickLater();
    const onRelease = (started: boolean) => {
      this.#permits--;
      if (!started) this.#rate?.refund(at);
      this.#admitWaiting();
      this.#onAvailable();
    };
    return new ClaimPermit({ slots: this.#slots, prefetch: this.#prefetch, timers: this.#timers, onRelease });
  }

  #admitWaiting(): void {
    while (this.#waiting.length > 0 && this.#isOpen()) this.#waiting.shift()?.admit(this.#grant());
  }

  /** Ticks while any start counts against the rate. */
  #tickLater(): void {
    if (this.#ticking !== undefined || this.#closed) return;
    const ms = this.#rate?.nextAvailableMs(this.#timers.now());
    if (ms !== undefined) this.#ticking = this.#timers.setTimeout(() => this.#tick(), Math.max(ms, TICK_MS));
  }

  /**
   * Sets the next tick first. Time passes meanwhile: a start that counts when others are admitted, and no longer when the next
   * tick is set, would leave those who wait without one.
   */
  #tick(): void {
    this.#ticking = undefined;
    this.#tickLater();
    this.#admitWaiting();
    this.#onAvailable();
  }
}

interface ClaimPermitOptions {
  readonly slots: RunSemaphore;
  readonly prefetch: PrefetchLimit;
  readonly timers: Timers;
  /** `started` false says that nothing was started, so the permit does not count against the rate. */
  readonly onRelease: (started: boolean) => void;
}

/** Permits one delivery to claim its job and, once it acquires a slot, to run it. */
export class ClaimPermit {
  readonly #options: ClaimPermitOptions;
  readonly #grantedAt: number;
  #ranFrom: number | undefined;
  #released = false;

  constructor(options: ClaimPermitOptions) {
    this.#options = options;
    this.#grantedAt = options.timers.now();
  }

  /** Acquires a slot to run in, at once or in a moment; false if none became free in time. A slot is kept once acquired. */
  acquireSlot(): true | Promise<boolean> {
    if (this.#ranFrom !== undefined) return true;
    const { prefetch, slots, timers } = this.#options;
    const claimedAt = timers.now();
    prefetch.recordClaim(claimedAt - this.#grantedAt);
    const slot = slots.acquire();
    if (slot !== true) return slot.then((granted) => this.#onSlot(granted, claimedAt));
    this.#ranFrom = claimedAt;
    return true;
  }

  /** Releases the permit and its slot. Can be repeated: only the first call counts. */
  release(started: boolean): void {
    if (this.#released) return;
    this.#released = true;
    const { prefetch, slots, timers, onRelease } = this.#options;
    if (this.#ranFrom !== undefined) {
      prefetch.recordRun(timers.now() - this.#ranFrom);
      slots.release();
    }
    onRelease(started);
  }

  #onSlot(granted: boolean, claimedAt: number): boolean {
    const { prefetch, timers } = this.#options;
    const now = timers.now();
    prefetch.recordWait(now - claimedAt);
    if (granted) this.#ranFrom = now;
    else prefetch.recordGivenUp(now);
    return granted;
  }
}
