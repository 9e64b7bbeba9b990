import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Measurable, Micros } from '../gate/gateCheck.ts';
import { GATE_CHECKS } from '../gate/gateChecks.ts';
import { inScratchFolder } from '../inScratchFolder.ts';
import { spread, type Spread } from '../measure/percentiles.ts';
import { HOT_PATHS, type HotPath } from './hotPaths.ts';

/** The folders of the two sides: the working tree, and the commit that it is held against. */
export interface Sides {
  readonly ours: string;
  readonly theirs: string;
}

const WARM_UP = 6;
const ROUNDS = 30;

/** Measures both sides on fresh servers of their own. Returns what ours costs as a multiple of theirs. */
export function comparePath(hotPath: HotPath, { ours, theirs }: Sides): Promise<number> {
  const open = HOT_PATHS[hotPath];
  const isBoth = GATE_CHECKS.find(({ id }) => id === hotPath)?.counts === 'both';
  return inScratchFolder(async (folder) => {
    const [own, other] = [
      await open(await folderIn(folder, 'ours'), ours),
      await open(await folderIn(folder, 'theirs'), theirs),
    ];
    try {
      for (let round = 0; round < WARM_UP; round += 1) await Promise.all([own.round(), other.round()]);
      return await inTurns(own, other, ({ process, server }) => (isBoth ? process + server : process));
    } finally {
      await own.stop();
      await other.stop();
    }
  });
}

/**
 * Runs theirs, ours, theirs, ours, …, theirs, and divides each round of ours by the mean of those around it: so a machine that
 * becomes slower meanwhile tells for neither. Returns the median of these ratios.
 */
export async function inTurns(
  own: Pick<Measurable, 'round'>,
  other: Pick<Measurable, 'round'>,
  cost: (micros: Micros) => number,
): Promise<number> {
  const ratios: number[] = [];
  let before = cost(await other.round());
  while (ratios.length < ROUNDS) {
    const between = cost(await own.round());
    const after = cost(await other.round());
    ratios.push(between / ((before + after) / 2));
    before = after;
  }
  return spread(ratios).median;
}

async function folderIn(folder: string, name: string): Promise<string> {
  const made = path.join(folder, name);
  await mkdir(made);
  return made;
}

/** What the pairs of one path came to. */
export interface Comparison {
  readonly ratio: Spread;
  readonly isWithin: boolean;
}

/** Judges the ratios of some pairs by their median. One that is no number is not within any limit. */
export function judgePairs(ratios: readonly number[], limit: number): Comparison {
  const ratio = spread(ratios);
  return { ratio, isWithin: ratio.median <= limit };
}
