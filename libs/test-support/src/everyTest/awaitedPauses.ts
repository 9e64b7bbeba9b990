import { createRequire, syncBuiltinESMExports } from 'node:module';
import type * as TimersPromises from 'node:timers/promises';
import { callsHere, ownFrames } from './openConnections.ts';

/** Kept before a test replaces it. */
const nextTurn = setImmediate;
const timersPromises = createRequire(import.meta.url)('node:timers/promises') as {
  setTimeout: typeof TimersPromises.setTimeout;
};

const unawaited: string[] = [];

interface Wait {
  isAwaited: boolean;
}

/** A pause that knows whether something waits for it. */
class Pause<Value> extends Promise<Value> {
  wait: Wait = { isAwaited: false };

  /** What comes after it is a plain promise. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  static of<Value>(promise: Promise<Value>, wait: Wait): Pause<Value> {
    const pause = new Pause<Value>((resolve, reject) => void promise.then(resolve, reject));
    pause.wait = wait;
    return pause;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- an `await` calls it
  override then: Promise<Value>['then'] = (onResolved, onRejected) => {
    this.wait.isAwaited = true;
    return super.then(onResolved, onRejected);
  };

  /** Whether a failure is caught says nothing about whether something waits. */
  override catch<Other = never>(onRejected?: ((reason: unknown) => Other | PromiseLike<Other>) | null) {
    return Pause.of(super.then(undefined, onRejected), this.wait);
  }
}

function begin<Value>(pause: Promise<Value>): Pause<Value> {
  const wait = { isAwaited: false };
  const calls = callsHere();
  nextTurn(() => {
    if (!wait.isAwaited) unawaited.push(ownFrames(calls())[0] ?? calls());
  });
  return Pause.of(pause, wait);
}

const real = timersPromises.setTimeout;
timersPromises.setTimeout = ((...how: Parameters<typeof real>) => begin(real(...how))) as typeof real;
syncBuiltinESMExports();

/** Returns where pauses were begun for which nothing has waited, since the last call. */
export function takeUnawaited(): readonly string[] {
  return unawaited.splice(0);
}
