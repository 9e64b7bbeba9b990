import path from 'node:path';
import { repositoryRoot, runCommand } from '@jobstream/servers';

/**
 * How fast a projector process caught up from an empty table, and two rulers on the same log: the bare parts, which keep a
 * table of nine columns without a thought, and the log read and decoded alone.
 */
export interface CatchUp {
  /** How the events of a job lie in the log: `concurrent` as under load, `backlog` far apart. */
  readonly shape: string;
  readonly events: number;
  readonly projectedPerSecond: number;
  readonly barePerSecond: number;
  readonly readPerSecond: number;
}

const SCRIPT = path.join(repositoryRoot, 'apps/projector/bench/catchUp.ts');
const LINE = /^(\w+), (reading alone|bare parts|projector): ([\d,]+) events in [\d.]+ s, ([\d,]+) events\/s$/gm;

/** Runs the projector's own benchmark once. */
export async function measureCatchUp(jobs: number): Promise<readonly CatchUp[]> {
  const output = await runCommand(process.execPath, [SCRIPT, String(jobs)], { timeoutMs: 600_000 });
  const found = [...output.matchAll(LINE)].map(([, shape = '', what, events = '', rate = '']) => {
    return { shape, what, events: numberIn(events), rate: numberIn(rate) };
  });
  return [...new Set(found.map(({ shape }) => shape))].map((shape) => {
    const rateOf = (wanted: string) => found.find((one) => one.shape === shape && one.what === wanted)?.rate;
    const [projected, bare, read] = [rateOf('projector'), rateOf('bare parts'), rateOf('reading alone')];
    if (projected === undefined || bare === undefined || read === undefined)
      throw new Error(`the bench said something else: ${output}`);
    const events = found.find((one) => one.shape === shape)?.events ?? 0;
    return { shape, events, projectedPerSecond: projected, barePerSecond: bare, readPerSecond: read };
  });
}

function numberIn(text: string): number {
  return Number(text.replaceAll(',', ''));
}
