import { AsyncLocalStorage, createHook } from 'node:async_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { callsHere, openConnections, openNatsConnections, ownFrames, socketsNow } from './openConnections.ts';

interface Started {
  readonly timer: NodeJS.Timeout;
  readonly calls: () => string;
}

/** Functions that have ended, and only their callers have not heard of it, need no more turns. */
const TURNS = 20;
const OF_HOOKS = /node:internal\/async_hooks/;
const OF_TESTS = /\.test\.ts:|\/testing\/|\/test-support\//;

/**
 * Runs `work`, and returns a sentence for each connection that was opened meanwhile and is still open in the moment in which it
 * ends, for each timer that it has left to keep the process alive, or to go off again and again, and for each async function that
 * has not ended: what closes something must not end before that is closed.
 *
 * @param fails whether the work is to fail: then functions may go on for which it would have waited beside what has failed.
 */
export async function leftOpenBy(work: () => Promise<unknown>, { fails = false } = {}): Promise<string[]> {
  const inWork = new AsyncLocalStorage<true>();
  const timers = new Map<number, Started>();
  const functions = new Map<number, () => string>();
  const hook = createHook({
    init: (id, type, _trigger, timer) => {
      if (!inWork.getStore()) return;
      if (type === 'PROMISE') functions.set(id, callsHere());
      if (type === 'Timeout') timers.set(id, { timer: timer as NodeJS.Timeout, calls: callsHere() });
    },
    // A wait has no end of its own, but what comes after it.
    after: (id) => void functions.delete(id),
    promiseResolve: (id) => void functions.delete(id),
    destroy: (id) => void timers.delete(id),
  }).enable();
  try {
    const before = socketsNow();
    await inWork.run(true, work);
    for (let turn = 0; turn < TURNS; turn++) await Promise.resolve();
    const pending = fails ? [] : [...functions.values()].flatMap((calls) => asyncFunctionAt(calls()));
    const connections = [...openConnections(before), ...openNatsConnections(before)];
    await nextTurn(); // the ends of timers are told together, later
    const running = [...timers.values()].filter(({ timer }) => timer.hasRef() || repeats(timer));
    const left = running.map(({ calls }) => ownFrames(calls()).join(' ')).filter((at) => at !== '');
    return [
      ...connections,
      ...left.map((at) => `a timer still runs: it was started ${at}`),
      ...pending.map((at) => `an async function has not ended: ${at}`),
    ];
  } finally {
    hook.disable();
  }
}

/** Returns where an async function of ours was begun, or waits; other promises may stay open for ever. */
function asyncFunctionAt(stack: string): string[] {
  const frames = stack.split('\n');
  const begun = frames.slice(frames.findLastIndex((line) => OF_HOOKS.test(line)) + 1);
  const [first = ''] = begun;
  return first.includes('.ts:') && !OF_TESTS.test(first) ? [ownFrames(begun.join('\n')).join(' ')] : [];
}

/** Whether a timer is an interval, which Node does not tell otherwise. */
function repeats(timer: NodeJS.Timeout): boolean {
  return typeof (timer as { readonly _repeat?: number | null })._repeat === 'number';
}
