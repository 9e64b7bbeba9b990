import { createRequire, syncBuiltinESMExports } from 'node:module';
import type * as TimersPromises from 'node:timers/promises';
import { vi } from 'vitest';

/** Kept before any of them is replaced. */
const realImmediate = setImmediate;
const timersPromises = createRequire(import.meta.url)('node:timers/promises') as {
  -readonly [Name in keyof typeof TimersPromises]: (typeof TimersPromises)[Name];
};
const real = { setTimeout: timersPromises.setTimeout, setImmediate: timersPromises.setImmediate };

/** For properties: what two readings of `performance.now` for the same moment may differ by, in milliseconds. */
export const CLOCK_INACCURACY_MS = 5;

/** By how much a timer is early or late at most, in milliseconds, and what passes between two looks at the clock. */
const INACCURACY_MS = 1.5;
const CREEP_MS = 0.4;

/** Rounds of the real event loop in which everything that needs no time has happened. */
const ROUNDS = 2;

/**
 * Replaces the clocks and timers of this process, those of `node:timers/promises` included, by ones that stand still
 * until `passToNextTimer`, except that `performance.now` is never read twice at quite the same time. What is left for the next
 * turn of the event loop is handed to `onImmediate`, which runs it later.
 */
export class VirtualTime implements Disposable {
  /** What `performance.now` is ahead of the timers, and what it was at last. */
  #aheadMs = 0;
  #latest = 0;
  #seed: number;

  /** The seed decides which timers are early, and which late. */
  constructor(onImmediate: (run: () => void) => void, seed: number) {
    this.#seed = seed;
    vi.useFakeTimers({
      toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'],
    });
    const instant = performance.now.bind(performance);
    performance.now = () => {
      this.#latest = Math.max(this.#latest, instant() + this.#aheadMs);
      this.#aheadMs += CREEP_MS;
      return this.#latest;
    };
    const cleared = new WeakSet();
    vi.stubGlobal('setImmediate', (run: (...args: unknown[]) => void, ...args: unknown[]) => {
      const handle = {};
      onImmediate(() => {
        if (!cleared.has(handle)) run(...args);
      });
      return handle;
    });
    vi.stubGlobal('clearImmediate', (handle: object | undefined) => void (handle && cleared.add(handle)));
    timersPromises.setTimeout = pause as typeof timersPromises.setTimeout;
    timersPromises.setImmediate = nextTurn as typeof timersPromises.setImmediate;
    syncBuiltinESMExports();
  }

  /** How many timers are set. */
  get timers(): number {
    return vi.getTimerCount();
  }

  /** Moves the time to the next timer, and runs it. */
  passToNextTimer(): void {
    this.#aheadMs = (this.#random() * 2 - 1) * INACCURACY_MS;
    vi.advanceTimersToNextTimer();
  }

  /** Resolves when everything has happened that needs no time. */
  async settle(): Promise<void> {
    for (let round = 0; round < ROUNDS; round++) await new Promise<void>((resolve) => realImmediate(resolve));
  }

  /** From 0 to 1. */
  #random(): number {
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#seed / 2 ** 32;
  }

  [Symbol.dispose](): void {
    Object.assign(timersPromises, real);
    syncBuiltinESMExports();
    vi.unstubAllGlobals();
    vi.useRealTimers();
  }
}

function pause(ms: number, value?: unknown, options: { readonly signal?: AbortSignal } = {}): Promise<unknown> {
  const { signal } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(aborted(signal));
    const onAbort = () => {
      clearTimeout(timer);
      reject(aborted(signal));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve(value);
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

function nextTurn(value?: unknown): Promise<unknown> {
  return new Promise((resolve) => setImmediate(() => resolve(value)));
}

function aborted(signal: AbortSignal | undefined): Error {
  return Object.assign(new Error('The operation was aborted', { cause: signal?.reason }), {
    name: 'AbortError',
    code: 'ABORT_ERR',
  });
}
