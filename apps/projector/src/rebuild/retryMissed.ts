import { setTimeout as pause } from 'node:timers/promises';
import { StepMissedError } from '@jobstream/readmodel';

const TRIES = 60;
const PAUSE_MS = 1_000;

/** Tries again while the tables cannot be had at one position, for at least a minute. */
export async function retryMissed<Result>(work: () => Promise<Result>, stop: AbortSignal): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StepMissedError) || tries === TRIES) throw error;
      await pause(PAUSE_MS, undefined, { signal: stop });
    }
  }
}
