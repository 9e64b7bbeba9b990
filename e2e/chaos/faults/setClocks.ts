import type { FaultKind } from './fault.ts';

const MINUTE_MS = 60_000;
/** Ahead and behind, by what a stopped time service costs in a day, by a wrong time zone, and by less than it takes to notice. */
const JUMPS_MS = [-60 * MINUTE_MS, -MINUTE_MS, -700, 700, MINUTE_MS, 60 * MINUTE_MS] as const;

/**
 * The clock of a running process is set, and later set back to where it was: a jump each way. Its monotonic clock goes on,
 * as on a machine whose time service corrects it.
 */
export function setClock(app: 'api' | 'worker'): FaultKind {
  let jumps = 0;
  return {
    name: `set the clock of ${app}`,
    needs: 'libfaketime, a package of Debian',
    targets: ({ clocks }) => [...clocks.keys()].filter((name) => name.startsWith(app)),
    holdMs: (random) => random.int(500, 6_000),
    async inject({ clocks }, target) {
      const wrong = clocks.get(target);
      if (wrong === undefined) throw new Error(`${target} has no clock of its own`);
      await wrong.clock.set(wrong.offsetMs + (JUMPS_MS[jumps++ % JUMPS_MS.length] ?? 0));
      return () => wrong.clock.set(wrong.offsetMs);
    },
  };
}
