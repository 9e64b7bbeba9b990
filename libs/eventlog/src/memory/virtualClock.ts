import type { Timer, Timers } from '../connection/processTimers.ts';

class VirtualTimer {
  readonly dueAt: number;
  readonly run: () => void;

  constructor(dueAt: number, run: () => void) {
    this.dueAt = dueAt;
    this.run = run;
  }
}

/** A clock that stands still until it is moved, in milliseconds since 1970, and its timers. */
export class VirtualClock implements Timers {
  #now: number;
  /** By their time, those of one instant in the order in which they were set. */
  readonly #timers: VirtualTimer[] = [];

  constructor(startAt: number) {
    this.#now = startAt;
  }

  now(): number {
    return this.#now;
  }

  /** When the next timer is due; undefined if none is set. */
  get nextAt(): number | undefined {
    return this.#timers[0]?.dueAt;
  }

  setTimeout(run: () => void, ms: number): Timer {
    const timer = new VirtualTimer(this.#now + Math.max(0, ms), run);
    const index = this.#timers.findLastIndex(({ dueAt }) => dueAt <= timer.dueAt);
    this.#timers.splice(index + 1, 0, timer);
    return timer;
  }

  clearTimeout(timer: Timer | undefined): void {
    const index = this.#timers.findIndex((set) => set === timer);
    if (index >= 0) this.#timers.splice(index, 1);
  }

  /** Moves to the next timer if it is due by `end`, runs it and returns true; else moves to `end` and returns false. */
  runNext(end: number): boolean {
    const [next] = this.#timers;
    if (next === undefined || next.dueAt > end) {
      this.#now = Math.max(this.#now, end);
      return false;
    }
    this.#timers.shift();
    this.#now = Math.max(this.#now, next.dueAt);
    next.run();
    return true;
  }
}
