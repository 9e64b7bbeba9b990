import path from 'node:path';
import { repositoryRoot, runCommand } from '@jobstream/tools';

/** How fast a projector process caught up from an empty table, and the ruler: the same log, read and decoded alone. */
export interface CatchUp {
  /** How the events of a job lie in the log: `concurrent` as under load, `backlog` far apart. */
  readonly shape: string;
  readonly events: number;
  readonly projectedPerSecond: number;
  readonly readPerSecond: number;
}

const SCRIPT = path.join(repositoryRoot, 'apps/projector/bench/catchUp.ts');
const LINE = /^(\w+), (reading alone|projector): ([\d,]+) events in [\d.]+ s, ([\d,]+) events\/s$/gm;

/** Runs the projector's own benchmark once. */
export async function measureCatchUp(jobs: number): Promise<readonly CatchUp[]> {
  const output = await runCommand(process.execPath, [SCRIPT, String(jobs)], { timeoutMs: 600_000 });
  const found = [...output.matchAll(LINE)].map(([, shape = '', what, events = '', rate = '']) => {
    return { shape, what, events: numberIn(events), rate: numberIn(rate) };
  });
  return [...new Set(found.map(({ shape }) => shape))].map((shape) => {
    const [read, projected] = ['reading alone', 'projector'].map((wanted) =>
      found.find((one) => one.shape === shape && one.what === wanted),
    );
    if (read === undefined || projected === undefined) throw new Error(`the bench said something else: ${output}`);
    return { shape, events: read.events, projectedPerSecond: projected.rate, readPerSecond: read.rate };
  });
}

function numberIn(text: string): number {
  return Number(text.replaceAll(',', ''));
}
