import { createRequire, syncBuiltinESMExports } from 'node:module';
import type { Timer, VirtualClock } from '@jobstream/eventlog';
import type { SeededRandom } from '../../chaos/seededRandom.ts';

const builtin = createRequire(import.meta.url);
const timersPromises = builtin('node:timers/promises') as object;
const crypto = builtin('node:crypto') as object;

const HEX_DIGITS = 16;

/** A timer of the process, which keeps nothing alive. */
class VirtualTimeout {
  current: Timer | undefined;

  unref(): this {
    return this;
  }

  ref(): this {
    return this;
  }
}

/**
 * Replaces what is different in each run of a process: its clock and timers, those of `node:timers/promises` and `setImmediate`
 * included, its random numbers and its new ids. What runs meanwhile is the same for each seed, if it waits for nothing but these and promises.
 */
export class VirtualProcess implements Disposable {
  readonly #clock: VirtualClock;
  readonly #random: SeededRandom;
  readonly #nextTurn = setImmediate;
  readonly #restore: (() => void)[] = [];

  constructor(clock: VirtualClock, random: SeededRandom) {
    this.#clock = clock;
    this.#random = random;
    this.#replace(globalThis, { ...this.#timers(), Date: dateOf(clock) });
    this.#replace(performance, { now: () => clock.now() });
    this.#replace(Math, { random: () => random.next() });
    this.#replace(timersPromises, { setTimeout: this.#pause });
    this.#replace(crypto, { randomUUID: this.#newId, randomUUIDv7: this.#newId });
    syncBuiltinESMExports();
  }

  /** Resolves when everything has happened that needs no time. */
  settle(): Promise<void> {
    return new Promise((resolve) => this.#nextTurn(resolve));
  }

  [Symbol.dispose](): void {
    for (const restore of this.#restore.toReversed()) restore();
    syncBuiltinESMExports();
  }

  #replace(target: object, by: object): void {
    for (const name of Object.keys(by)) {
      const earlier = Object.getOwnPropertyDescriptor(target, name);
      const value: unknown = Reflect.get(by, name);
      Object.defineProperty(target, name, { value, configurable: true, writable: true, enumerable: true });
      this.#restore.push(() => {
        if (earlier === undefined) Reflect.deleteProperty(target, name);
        else Object.defineProperty(target, name, earlier);
      });
    }
  }

  #timers() {
    const clock = this.#clock;
    const clear = (timer: VirtualTimeout | undefined) => clock.clearTimeout(timer?.current);
    const set = (run: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => {
      const timer = new VirtualTimeout();
      timer.current = clock.setTimeout(() => run(...args), ms);
      return timer;
    };
    const repeat = (run: (...args: unknown[]) => void, ms = 1, ...args: unknown[]) => {
      const timer = new VirtualTimeout();
      const next = () => {
        timer.current = clock.setTimeout(next, ms);
        run(...args);
      };
      timer.current = clock.setTimeout(next, ms);
      return timer;
    };
    const soon = (run: (...args: unknown[]) => void, ...args: unknown[]) => set(run, 0, ...args);
    return {
      setTimeout: set,
      clearTimeout: clear,
      setInterval: repeat,
      clearInterval: clear,
      setImmediate: soon,
      clearImmediate: clear,
    };
  }

  readonly #pause = (ms: number, value?: unknown, { signal }: { readonly signal?: AbortSignal } = {}) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(aborted(signal));
      const onAbort = () => {
        this.#clock.clearTimeout(timer);
        reject(aborted(signal));
      };
      const timer = this.#clock.setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve(value);
      }, ms);
      signal?.addEventListener('abort', onAbort, { once: true });
    });

  /** A UUID of version 7, without the time. */
  readonly #newId = () => {
    const digits = Array.from({ length: 30 }, () => this.#random.int(0, HEX_DIGITS - 1).toString(HEX_DIGITS)).join('');
    return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-7${digits.slice(12, 15)}-8${digits.slice(15, 18)}-${digits.slice(18)}`;
  };
}

function dateOf(clock: VirtualClock): DateConstructor {
  const RealDate = Date;
  return class extends RealDate {
    static override now(): number {
      return clock.now();
    }

    constructor(...args: [] | [number | string]) {
      super(args.length === 0 ? clock.now() : args[0]);
    }
  } as DateConstructor;
}

function aborted(signal: AbortSignal | undefined): Error {
  const error = new Error('The operation was aborted', { cause: signal?.reason });
  return Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' });
}
