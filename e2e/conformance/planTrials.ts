import { installPythonPackage } from '../harness/pythonPackage.ts';
import { NotInstalledError } from '../harness/runInstaller.ts';
import { exampleWorkers } from './exampleWorkers.ts';
import { faultyWorkers } from './faultyWorkers.ts';
import type { Trial } from './runTrial.ts';
import type { Scenario } from './scenario.ts';
import { carriedScenarios } from './scenarios/carried.ts';
import { priorityScenarios } from './scenarios/priorities.ts';
import { operatorScenarios } from './scenarios/operator.ts';
import { newerEventScenarios } from './scenarios/newerEvents.ts';
import { clockScenarios } from './scenarios/clocks.ts';
import { announcementScenarios } from './scenarios/announcements.ts';
import { disruptionScenarios } from './scenarios/disruptions.ts';
import { lostSleepScenarios } from './scenarios/lostSleeps.ts';
import { signalLimitScenarios } from './scenarios/signalLimits.ts';
import { signalScenarios } from './scenarios/signals.ts';
import { sleepScenarios } from './scenarios/sleeps.ts';
import { stepScenarios } from './scenarios/steps.ts';
import { outcomeScenarios } from './scenarios/outcomes.ts';
import { takeoverScenarios } from './scenarios/takeovers.ts';
import { timerScenarios } from './scenarios/timers.ts';
import { writeFaultyWorker } from './writeFaultyWorker.ts';

export interface TrialPlan {
  readonly trials: readonly Trial[];
  /** Why workers cannot be tested here, one sentence each: their language is not installed. */
  readonly skipped: readonly string[];
}

interface Group {
  readonly name: string;
  readonly trials: (scenarios: readonly Scenario[]) => Promise<readonly Trial[]>;
}

const allScenarios = [
  ...outcomeScenarios,
  ...timerScenarios,
  ...clockScenarios,
  ...takeoverScenarios,
  ...operatorScenarios,
  ...carriedScenarios,
  ...priorityScenarios,
  ...stepScenarios,
  ...sleepScenarios,
  ...lostSleepScenarios,
  ...signalScenarios,
  ...signalLimitScenarios,
  ...newerEventScenarios,
  ...disruptionScenarios,
  ...announcementScenarios,
];

/** Which workers to try with what; default the workers of the repository with all scenarios. */
interface TrialChoice {
  /** Starts the worker under test. */
  readonly cmd?: string | undefined;
  readonly scenario?: readonly string[] | undefined;
  readonly worker?: readonly string[] | undefined;
}

/**
 * Lists the trials that are asked for.
 *
 * @throws an error of one sentence about an unknown scenario, or when an example cannot be built.
 */
export async function planTrials(choice: TrialChoice): Promise<TrialPlan> {
  const scenarios = choice.scenario?.map(scenarioNamed) ?? allScenarios;
  if (choice.cmd !== undefined) return { trials: trialsOf('the worker', choice.cmd, scenarios), skipped: [] };
  const trials: Trial[] = [];
  const skipped: string[] = [];
  for (const group of groups().filter(({ name }) => choice.worker?.includes(name) ?? true)) {
    try {
      trials.push(...(await group.trials(scenarios)));
    } catch (error) {
      if (!(error instanceof NotInstalledError)) throw error;
      skipped.push(`${group.name}: ${error.message}`);
    }
  }
  return { trials, skipped };
}

function scenarioNamed(name: string): Scenario {
  const found = allScenarios.find((scenario) => scenario.name === name);
  if (found !== undefined) return found;
  throw new Error(`no scenario ${name}: there are ${allScenarios.map((scenario) => scenario.name).join(', ')}`);
}

function groups(): readonly Group[] {
  const examples = exampleWorkers.map(({ name, prepare }): Group => {
    return { name, trials: async (scenarios) => trialsOf(name, await prepare(), scenarios) };
  });
  // First, because they take longest: a faulty worker gets all the time that a slow one would need.
  return [{ name: 'faulty', trials: faultyTrials }, ...examples];
}

function trialsOf(worker: string, command: string, scenarios: readonly Scenario[]): readonly Trial[] {
  return scenarios.map((scenario) => ({ worker, command, scenario }));
}

/** Each faulty worker with the one scenario that must detect its fault. */
async function faultyTrials(scenarios: readonly Scenario[]): Promise<readonly Trial[]> {
  await installPythonPackage();
  const trials: Trial[] = [];
  for (const faulty of faultyWorkers) {
    const scenario = scenarioNamed(faulty.detectedBy);
    const worker = `a worker that ${faulty.name}`;
    const command = await writeFaultyWorker(faulty);
    if (scenarios.includes(scenario)) trials.push({ worker, command, scenario, expectedComplaint: faulty.complaint });
  }
  return trials;
}
