import type { Stage } from '../stage/stage.ts';
import type { FaultKind } from './fault.ts';

const TYPES = ['sleep', 'webhook', 'errand'] as const;
const RETRY_MS = 250;

/** A job type is paused for longer than the log keeps events, and then goes on. */
export const pauseType: FaultKind = {
  name: 'pause type',
  targets: () => TYPES,
  holdMs: (random) => random.int(25_000, 45_000),
  async inject(stage, type) {
    await ask(stage, type, 'pause');
    return () => ask(stage, type, 'resume');
  },
};

/** All job types are paused for a moment, and go on. */
export const pauseAll: FaultKind = {
  name: 'pause all types',
  targets: () => ['_all'],
  holdMs: (random) => random.int(1_000, 5_000),
  async inject(stage, all) {
    await ask(stage, all, 'pause');
    return () => ask(stage, all, 'resume');
  },
};

/** Until an API answers: the processes are broken by other faults. */
async function ask({ apis }: Stage, type: string, action: 'pause' | 'resume'): Promise<void> {
  for (let tries = 0; ; tries++) {
    const url = `${apis[tries % apis.length]}/api/types/${type}/${action}`;
    const response = await fetch(url, { method: 'POST', signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
    if (response?.ok === true) return;
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}
