import path from 'node:path';
import type { ChaosOptions, ScenarioName } from './chaosOptions.ts';
import type { FaultKind } from './faults/fault.ts';
import { clusterKinds, faultKinds } from './faults/faultKinds.ts';
import type { Scenario } from './scenario.ts';

type Say = (line: string) => void;

/** The cluster takes a third of the jobs and of the faults: all that it adds is the loss of a server. */
const shares: Readonly<Record<Exclude<ScenarioName, 'power'>, number>> = { single: 2 / 3, cluster: 1 / 3 };

/** The scenarios that were asked for, with their shares of jobs and faults. */
export function scenariosOf(options: ChaosOptions, folder: string, say: Say): readonly Scenario[] {
  const names = (['single', 'cluster'] as const).filter((name) => options.scenarios.includes(name));
  const total = names.reduce((sum, name) => sum + shares[name], 0);
  return names.map((name) => ({
    name,
    seed: `${options.seed}-${name}`,
    nodes: name === 'single' ? 1 : 3,
    jobs: Math.ceil((options.jobs * shares[name]) / total),
    faults: Math.ceil((options.faults * shares[name]) / total),
    rate: options.rate,
    kinds: (name === 'single' ? faultKinds : clusterKinds).filter((kind) => isWanted(kind, options)),
    mounts: options.mounts,
    folder: path.join(folder, name),
    say,
  }));
}

function isWanted({ name }: FaultKind, { kinds }: ChaosOptions): boolean {
  return kinds.length === 0 || kinds.some((word) => name.includes(word));
}
