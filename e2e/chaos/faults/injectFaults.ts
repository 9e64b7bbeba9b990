import { setTimeout as pause } from 'node:timers/promises';
import type { Recovery, RecoveryWatch } from '../load/recoveryWatch.ts';
import type { Stage } from '../stage/stage.ts';
import type { PlannedFault } from './planFaults.ts';

export interface InjectedFault extends PlannedFault {
  /** Creations that were acknowledged while the fault lasted. */
  readonly acknowledged: number;
  /** Milliseconds from the mending to the signs of life; undefined for one that did not come. */
  readonly recovery: Recovery;
}

export interface Injection {
  readonly stage: Stage;
  readonly watch: RecoveryWatch;
  readonly acknowledged: () => number;
  readonly say: (line: string) => void;
}

/** Breaks and mends one thing after the other, and measures how long the system needs after each. */
export async function injectFaults(plan: readonly PlannedFault[], injection: Injection): Promise<InjectedFault[]> {
  const injected: Promise<InjectedFault>[] = [];
  for (const [index, fault] of plan.entries()) {
    if (fault.afterMs > 0) await injected.at(-1);
    await pause(fault.afterMs);
    injection.say(`fault ${index + 1}/${plan.length}: ${fault.kind.name} (${fault.target}) for ${fault.holdMs} ms`);
    injected.push(measured(fault, await endure(fault, injection), injection));
  }
  return Promise.all(injected);
}

/** The fault from its beginning to its end; answers how many creations were acknowledged meanwhile. */
async function endure(fault: PlannedFault, { stage, acknowledged }: Injection): Promise<number> {
  const before = acknowledged();
  const mend = await fault.kind.inject(stage, fault.target);
  await pause(fault.holdMs);
  const during = acknowledged() - before;
  await mend();
  return during;
}

async function measured(fault: PlannedFault, during: number, { watch }: Injection): Promise<InjectedFault> {
  return { ...fault, acknowledged: during, recovery: await watch.measure() };
}
