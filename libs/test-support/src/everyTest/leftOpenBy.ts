import { AsyncLocalStorage, createHook } from 'node:async_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { callsHere, openConnections, openNatsConnections, ownFrames, socketsNow } from './openConnections.ts';

interface Started {
  readonly timer: NodeJS.Timeout;
  readonly calls: () => string;
}

/**
 * Runs `work`, and returns a sentence for each connection that was opened meanwhile and is still open in the moment in which it
 * ends, and for each timer that it has left to keep the process alive, or to go off again and again: what closes something must not
 * end before that is closed.
 */
export async function leftOpenBy(work: () => Promise<unknown>): Promise<string[]> {
  const inWork = new AsyncLocalStorage<true>();
  const timers = new Map<number, Started>();
  const hook = createHook({
    init: (id, type, _trigger, timer) => {
      if (type !== 'Timeout' || !inWork.getStore()) return;
      timers.set(id, { timer: timer as NodeJS.Timeout, calls: callsHere() });
    },
    destroy: (id) => void timers.delete(id),
  }).enable();
  try {
    const before = socketsNow();
    await inWork.run(true, work);
    const connections = [...openConnections(before), ...openNatsConnections(before)];
    await nextTurn(); // the ends of timers are told together, later
    const running = [...timers.values()].filter(({ timer }) => timer.hasRef() || repeats(timer));
    const left = running.map(({ calls }) => ownFrames(calls()).join(' ')).filter((at) => at !== '');
    return [...connections, ...left.map((at) => `a timer still runs: it was started ${at}`)];
  } finally {
    hook.disable();
  }
}

/** Whether a timer is an interval, which Node does not tell otherwise. */
function repeats(timer: NodeJS.Timeout): boolean {
  return typeof (timer as { readonly _repeat?: number | null })._repeat === 'number';
}
