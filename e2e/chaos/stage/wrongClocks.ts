import { SkewedClock } from '@jobstream/test-support';

/** The clock of a process, and how far it is ahead of the true time when no fault changes it. */
export interface WrongClock {
  readonly clock: SkewedClock;
  readonly offsetMs: number;
}

const HOUR_MS = 3_600_000;

/** Which clocks are wrong from the start. Of each kind one is right. */
const offsets: Readonly<Record<string, number>> = {
  'api-2': -HOUR_MS,
  'worker-2': HOUR_MS,
  'worker-3': -HOUR_MS,
  'projector-2': 60_000,
};

/** Gives each process a clock of its own; none where the library for it cannot be had. */
export async function wrongClocks(
  names: readonly string[],
  stack: AsyncDisposableStack,
): Promise<ReadonlyMap<string, WrongClock>> {
  const clocks = new Map<string, WrongClock>();
  for (const name of names) {
    const offsetMs = offsets[name] ?? 0;
    const clock = await SkewedClock.create(offsetMs).catch((error: Error) =>
      console.log(`true clocks: ${error.message}`),
    );
    if (clock === undefined) return new Map();
    clocks.set(name, { clock: stack.use(clock), offsetMs });
  }
  return clocks;
}
