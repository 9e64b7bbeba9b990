import { runScenario, type Verdict } from './runScenario.ts';
import type { Scenario } from './scenario.ts';

/** Scenarios wait most of the time, so several are played at once; more would starve a small machine. */
const LANES = 4;

/** Plays the scenarios, each on a server of its own, and tells each verdict as it comes. */
export async function runScenarios(
  scenarios: readonly Scenario[],
  command: string,
  tell: (verdict: Verdict) => void,
): Promise<void> {
  const left = scenarios.values();
  const lane = async () => {
    for (const scenario of left) tell(await runScenario(scenario, command));
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}
