import { comparePeers } from './comparePeers.ts';
import { compareHttp } from './http/compareHttp.ts';
import { machineFacts } from './machine.ts';
import { type CatchUp, measureCatchUp } from './projector/measureCatchUp.ts';
import { mergeRows, type PeerResults } from './mergeRows.ts';
import { readResults, saveResults } from './results.ts';
import { FULL, QUICK, workloads } from './workloads/workloads.ts';

export interface MeasureOptions {
  readonly quick: boolean;
  readonly rounds: number;
  readonly parts: readonly string[];
  /** Of the peers' workloads, those whose id starts with one of these. */
  readonly workload: readonly string[];
  readonly system: readonly string[];
  /** Whether the figures replace the committed ones. */
  readonly keep: boolean;
}

/** Measures, and saves what came of it. */
type Measurement = (options: MeasureOptions, save: (figures: object) => Promise<void>) => Promise<void>;

const MEASUREMENTS: Readonly<Record<string, Measurement>> = {
  peers: measurePeers,
  http: async ({ quick, rounds }, save) =>
    save(await compareHttp({ rounds, seconds: quick ? 4 : 10, durability: 'fsync', say })),
  projector: async ({ quick, rounds }, save) => save({ runs: await catchUps(rounds, quick ? 30_000 : 100_000) }),
};

/** The parts that can be measured, in their order. */
export const PARTS: readonly string[] = Object.keys(MEASUREMENTS);

/** Measures the parts one after the other and keeps what each came to. */
export async function measure(options: MeasureOptions): Promise<void> {
  const { keep, rounds } = options;
  const facts = { ...(await machineFacts()), rounds };
  for (const [part, measurement] of Object.entries(MEASUREMENTS)) {
    if (!options.parts.includes(part)) continue;
    await measurement(options, (figures) => saveResults(part, !keep, { ...facts, ...figures }));
  }
}

/** Saves after each workload: a whole run takes hours. */
async function measurePeers(options: MeasureOptions, save: (figures: object) => Promise<void>): Promise<void> {
  const { quick, rounds, system, workload: beginnings, keep } = options;
  const sizes = quick ? QUICK : FULL;
  const order = workloads(sizes).map(({ id }) => id);
  const chosen = order.filter((id) => beginnings.some((beginning) => id.startsWith(beginning)));
  const machine = await machineFacts();
  let older = keep ? await readResults<PeerResults>('peers', false) : undefined;
  for (const id of chosen) {
    const measured = { ...machine, ...(await comparePeers({ sizes, rounds, only: [id], systems: system, say })) };
    older = mergeRows(older, measured, order);
    await save(older);
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
