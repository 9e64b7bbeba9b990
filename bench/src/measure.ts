import { comparePeers } from './comparePeers.ts';
import { compareHttp } from './http/compareHttp.ts';
import { machineFacts } from './machine.ts';
import { type CatchUp, measureCatchUp } from './projector/measureCatchUp.ts';
import { saveResults } from './results.ts';
import { FULL, QUICK } from './workloads/workloads.ts';

export interface MeasureOptions {
  readonly quick: boolean;
  readonly rounds: number;
  readonly parts: readonly string[];
  /** Of the peers' workloads, those whose id starts with one of these. */
  readonly workload: readonly string[];
  readonly system: readonly string[];
}

type Measurement = (options: MeasureOptions) => Promise<object>;

const MEASUREMENTS: Readonly<Record<string, Measurement>> = {
  peers: ({ quick, rounds, workload, system }) =>
    comparePeers({ sizes: quick ? QUICK : FULL, rounds, only: workload, systems: system, say }),
  http: ({ quick, rounds }) => compareHttp({ rounds, seconds: quick ? 4 : 10, durability: 'fsync', say }),
  projector: async ({ quick, rounds }) => ({ runs: await catchUps(rounds, quick ? 30_000 : 100_000) }),
};

/** The parts that can be measured, in their order. */
export const PARTS: readonly string[] = Object.keys(MEASUREMENTS);

/** Measures the parts one after the other and keeps what each came to. */
export async function measure(options: MeasureOptions): Promise<void> {
  const machine = await machineFacts();
  for (const [part, measurement] of Object.entries(MEASUREMENTS)) {
    if (!options.parts.includes(part)) continue;
    const figures = await measurement(options);
    await saveResults(part, options.quick, { ...machine, rounds: options.rounds, ...figures });
  }
}

async function catchUps(rounds: number, jobs: number): Promise<readonly (readonly CatchUp[])[]> {
  const runs: (readonly CatchUp[])[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const run = await measureCatchUp(jobs);
    runs.push(run);
    for (const { shape, projectedPerSecond } of run)
      say(`catch-up · round ${round} · ${shape}: ${projectedPerSecond} events/s`);
  }
  return runs;
}

function say(line: string): void {
  console.log(line);
}
