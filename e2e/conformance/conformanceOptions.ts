import { parseArgs } from 'node:util';
import { scenarioList } from './scenarioList.ts';
import type { Scenario } from './scenario.ts';

export interface ConformanceOptions {
  /** Starts the worker to be tried; without it those of the repository are. */
  readonly command: string | undefined;
  readonly scenarios: readonly Scenario[];
  /** Names of workers of the repository, and `sabotaged`; all without it. */
  readonly workers: readonly string[] | undefined;
}

const OPTIONS = {
  cmd: { type: 'string' },
  scenario: { type: 'string', multiple: true },
  worker: { type: 'string', multiple: true },
} as const;

/** Reads the command line; throws one sentence about a mistake. */
export function conformanceOptions(args: readonly string[]): ConformanceOptions {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  const scenarios = values.scenario?.map(scenarioNamed) ?? scenarioList;
  return { command: values.cmd, scenarios, workers: values.worker };
}

function scenarioNamed(name: string): Scenario {
  const found = scenarioList.find((scenario) => scenario.name === name);
  if (found !== undefined) return found;
  throw new Error(`no scenario ${name}: there are ${scenarioList.map((scenario) => scenario.name).join(', ')}`);
}
