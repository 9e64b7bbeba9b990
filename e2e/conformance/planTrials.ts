import { readCommandLine } from '@jobstream/runtime';
import { installPythonPackage } from '../harness/pythonPackage.ts';
import { NotInstalledError } from '../harness/runInstaller.ts';
import { exampleWorkers } from './exampleWorkers.ts';
import { faultyWorkers } from './faultyWorkers.ts';
import type { Trial } from './runTrial.ts';
import type { Scenario } from './scenario.ts';
import { carriedScenarios } from './scenarios/carried.ts';
import { operatorScenarios } from './scenarios/operator.ts';
import { newerEventScenarios } from './scenarios/newerEvents.ts';
import { clockScenarios } from './scenarios/clocks.ts';
import { announcementScenarios } from './scenarios/announcements.ts';
import { disruptionScenarios } from './scenarios/disruptions.ts';
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

const COMMAND = {
  command: 'npm run conformance',
  summary: 'Tests workers against the worker protocol: docs/worker-protocol.md. The last line is `N passed, N failed`.',
  options: {
    cmd: {
      type: 'string',
      value: 'command',
      help: 'Starts the worker under test; default the workers of the repository.',
    },
    scenario: { type: 'string', multiple: true, value: 'name', help: 'Runs only this scenario.' },
    worker: {
      type: 'string',
      multiple: true,
      value: 'name',
      help: 'Tests only this worker of the repository, or the faulty ones: `faulty`.',
    },
  },
} as const;

const allScenarios = [
  ...outcomeScenarios,
  ...timerScenarios,
  ...clockScenarios,
  ...takeoverScenarios,
  ...operatorScenarios,
  ...carriedScenarios,
  ...newerEventScenarios,
  ...disruptionScenarios,
  ...announcementScenarios,
];

/**
 * Reads the command line and lists the trials that it asks for.
 *
 * @throws an error of one sentence about an unknown scenario, or when an example cannot be built.
 */
export async function planTrials(args: readonly string[]): Promise<TrialPlan> {
  const { values } = readCommandLine(COMMAND, args);
  const scenarios = values.scenario?.map(scenarioNamed) ?? allScenarios;
  if (values.cmd !== undefined) return { trials: trialsOf('the worker', values.cmd, scenarios), skipped: [] };
  const trials: Trial[] = [];
  const skipped: string[] = [];
  for (const group of groups().filter(({ name }) => values.worker?.includes(name) ?? true)) {
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
