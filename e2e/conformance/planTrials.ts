import type { ConformanceOptions } from './conformanceOptions.ts';
import type { Scenario } from './scenario.ts';
import { scenarioList } from './scenarioList.ts';
import { sabotagedWorker } from './sabotage/sabotagedWorker.ts';
import { sabotages } from './sabotage/sabotages.ts';
import type { Trial } from './trial.ts';
import { goWorker } from './workers/goWorker.ts';
import { NotInstalledError } from './workers/notInstalledError.ts';
import { pythonWorker } from './workers/pythonWorker.ts';
import { typescriptWorker } from './workers/typescriptWorker.ts';

export interface TrialPlan {
  readonly trials: readonly Trial[];
  /** Why workers cannot be tried here, one sentence each: their language is not installed. */
  readonly left: readonly string[];
}

interface Group {
  readonly name: string;
  readonly trials: (scenarios: readonly Scenario[]) => Promise<readonly Trial[]>;
}

const WORKERS = [typescriptWorker, pythonWorker, goWorker];

/** What is to be played. Rejects when a worker of the repository cannot be built. */
export async function planTrials({ command, scenarios, workers }: ConformanceOptions): Promise<TrialPlan> {
  if (command !== undefined) return { trials: trialsOf('the worker', command, scenarios), left: [] };
  const trials: Trial[] = [];
  const left: string[] = [];
  for (const group of groups().filter(({ name }) => workers?.includes(name) ?? true)) {
    try {
      trials.push(...(await group.trials(scenarios)));
    } catch (error) {
      if (!(error instanceof NotInstalledError)) throw error;
      left.push(`${group.name}: ${error.message}`);
    }
  }
  return { trials, left };
}

function groups(): readonly Group[] {
  const ours = WORKERS.map(({ name, prepare }): Group => {
    return { name, trials: async (scenarios) => trialsOf(name, await prepare(), scenarios) };
  });
  // First, because they take longest: a broken worker is given all the time that a slow one would need.
  return [{ name: 'sabotaged', trials: sabotagedTrials }, ...ours];
}

function trialsOf(worker: string, command: string, scenarios: readonly Scenario[]): readonly Trial[] {
  return scenarios.map((scenario) => ({ worker, command, scenario }));
}

/** Broken workers, each with the one scenario that must notice. */
async function sabotagedTrials(scenarios: readonly Scenario[]): Promise<readonly Trial[]> {
  await pythonWorker.prepare();
  const trials: Trial[] = [];
  for (const sabotage of sabotages) {
    const scenario = scenarioList.find(({ name }) => name === sabotage.noticedBy);
    if (scenario === undefined) throw new Error(`no scenario ${sabotage.noticedBy}`);
    const command = await sabotagedWorker(sabotage);
    const worker = `a worker that ${sabotage.name}`;
    if (scenarios.includes(scenario)) trials.push({ worker, command, scenario, mustComplain: sabotage.complaint });
  }
  return trials;
}
