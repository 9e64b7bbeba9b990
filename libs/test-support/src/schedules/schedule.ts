import type { Scheduler } from 'fast-check';
import { VirtualTime } from './virtualTime.ts';

/** Beyond this much virtual time something waits for nothing. */
const LONGEST_MS = 86_400_000;
const MOST_STEPS = 20_000;
/** What a stop leaves behind ends within this virtual time. */
const LEFTOVERS_MS = 5_000;

/**
 * An order of everything that can happen at different times: the points of stubs, and the passing of time.
 *
 * A stub awaits a point wherever something may happen before it goes on: the arrival of a message, its answer, a lost
 * connection. One thing happens after the other, chosen by fast-check; between two of them the code under test runs until it
 * waits again. Time stands still until it is chosen to pass, and then goes to the next timer, or nearly: see `VirtualTime`.
 */
export class Schedule implements Disposable {
  /** Whether time passes only when nothing else is left to happen, as where everything is answered at once. */
  isPrompt = false;
  readonly #scheduler: Scheduler;
  readonly #time: VirtualTime;
  readonly #working = new Set<Promise<unknown>>();
  #timeIsScheduled = false;

  constructor(scheduler: Scheduler, seed = 1) {
    this.#scheduler = scheduler;
    this.#time = new VirtualTime((run) => void this.point('next turn').then(run), seed);
  }

  /** Resolves when it is chosen to be the next thing that happens. */
  point(label: string): Promise<void> {
    return this.#scheduler.schedule(Promise.resolve(), label);
  }

  /** Work of a real server: nothing else happens until it has settled, so that its speed does not matter. */
  during<Value>(work: Promise<Value>): Promise<Value> {
    const settled: Promise<unknown> = work.then(
      () => this.#working.delete(settled),
      () => this.#working.delete(settled),
    );
    this.#working.add(settled);
    return work;
  }

  /** Lets things happen until `work` has settled, and returns its value or throws its error. @throws if it waits for nothing. */
  async until<Value>(work: Promise<Value>): Promise<Value> {
    const end = new AbortController();
    work.then(
      () => end.abort(),
      () => end.abort(),
    );
    const begun = performance.now();
    await this.#settle();
    for (let steps = 0; !end.signal.aborted; steps++) {
      if (steps > MOST_STEPS || performance.now() - begun > LONGEST_MS) throw new Error('waits for nothing, in vain');
      await this.#step();
    }
    return work;
  }

  /**
   * Lets everything happen that is left after a stop: it has to end by itself within some seconds.
   *
   * @throws if a timer is set again and again, or for later.
   */
  async untilNothingIsLeft(): Promise<void> {
    const begun = performance.now();
    await this.#settle();
    for (let steps = 0; this.#scheduler.count() + this.#time.timers > 0; steps++) {
      if (performance.now() - begun > LEFTOVERS_MS) throw new Error('something is left that does not end');
      await this.#step();
    }
  }

  async #step(): Promise<void> {
    const mayPass = !this.isPrompt || this.#scheduler.count() === 0;
    if (mayPass && !this.#timeIsScheduled && this.#time.timers > 0) void this.#passTime();
    if (this.#scheduler.count() === 0) throw new Error('waits for nothing: no point and no timer is left');
    await this.#scheduler.waitOne();
    await this.#settle();
  }

  async #settle(): Promise<void> {
    await this.#time.settle();
    while (this.#working.size > 0) {
      await Promise.all(this.#working);
      await this.#time.settle();
    }
  }

  async #passTime(): Promise<void> {
    this.#timeIsScheduled = true;
    await this.point('time passes');
    this.#timeIsScheduled = false;
    this.#time.passToNextTimer();
  }

  [Symbol.dispose](): void {
    this.#time[Symbol.dispose]();
  }
}
