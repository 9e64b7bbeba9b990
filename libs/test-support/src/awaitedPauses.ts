import { createRequire, syncBuiltinESMExports } from 'node:module';
import type * as TimersPromises from 'node:timers/promises';
import { ownFrames, stackHere } from './openConnections.ts';

/** Kept before a test replaces it. */
const nextTurn = setImmediate;
const timersPromises = createRequire(import.meta.url)('node:timers/promises') as {
  setTimeout: typeof TimersPromises.setTimeout;
};

const unawaited: string[] = [];

/** A pause that knows whether something waits for it. */
class Pause<Value> extends Promise<Value> {
  isAwaited = false;

  /** What comes after it is a plain promise. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  static begin<Value>(pause: Promise<Value>): Pause<Value> {
    const begun = new Pause<Value>((resolve, reject) => void pause.then(resolve, reject));
    const stack = stackHere();
    nextTurn(() => {
      if (!begun.isAwaited) unawaited.push(ownFrames(stack)[0] ?? stack);
    });
    return begun;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- an `await` calls it
  override then: Promise<Value>['then'] = (onResolved, onRejected) => {
    this.isAwaited = true;
    return super.then(onResolved, onRejected);
  };

  /** Whether a failure is caught says nothing about whether something waits. */
  override catch<Other = never>(onRejected?: ((reason: unknown) => Other | PromiseLike<Other>) | null) {
    return Pause.begin(this.then(undefined, onRejected));
  }
}

const real = timersPromises.setTimeout;
timersPromises.setTimeout = ((...how: Parameters<typeof real>) => Pause.begin(real(...how))) as typeof real;
syncBuiltinESMExports();

/** Returns where pauses were begun for which nothing has waited, since the last call. */
export function takeUnawaited(): readonly string[] {
  return unawaited.splice(0);
}
