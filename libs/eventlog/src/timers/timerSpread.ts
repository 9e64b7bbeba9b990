/** So many timers of one second fire in time, beside those that other processes set. */
const IN_TIME = 250;
/** The others are brought forward: so many to each second before. */
const A_SECOND = 200;
const REMEMBERED_SECONDS = 10_000;

/** How long before its time a timer may fire. */
export const MAX_EARLY_MS = 30_000;

/**
 * How early timers that are due in the same second are to fire. The server makes each fired timer durable on its own,
 * which can take it a millisecond, so a herd of them would keep it busy for long after the second. What this process
 * sets beyond a few hundred for one second fires ahead of it, a little at a time, and waits with its consumer.
 */
export class TimerSpread {
  /** How many were set for a second since 1970, the second that was met first in front. */
  readonly #set = new Map<number, number>();

  /** Both in milliseconds since 1970. At most half of the wait, so that the timer is set by then. */
  earlyMs(dueAt: number, now: number): number {
    const second = Math.floor(dueAt / 1_000);
    const before = this.#set.get(second) ?? 0;
    this.#set.set(second, before + 1);
    if (this.#set.size > REMEMBERED_SECONDS) this.#forgetOne();
    const wished = (Math.max(0, before - IN_TIME) * 1_000) / A_SECOND;
    return Math.floor(Math.min(wished % MAX_EARLY_MS, Math.max(0, dueAt - now) / 2));
  }

  #forgetOne(): void {
    const [first] = this.#set.keys();
    if (first !== undefined) this.#set.delete(first);
  }
}
