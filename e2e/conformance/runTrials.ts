import { runTrial } from './runTrial.ts';
import type { Trial } from './trial.ts';
import type { Verdict } from './verdict.ts';

/** Scenarios wait most of the time, so several are played at once; more would starve a small machine. */
const LANES = 6;

/** Plays the trials, each on a server of its own, and tells each verdict as it comes. */
export async function runTrials(trials: readonly Trial[], tell: (verdict: Verdict) => void): Promise<void> {
  const left = trials.values();
  const lane = async () => {
    for (const trial of left) tell(await runTrial(trial));
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}
