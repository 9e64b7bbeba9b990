import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Measurable, Micros } from '../gate/gateCheck.ts';
import { GATE_CHECKS } from '../gate/gateChecks.ts';
import { inScratchFolder } from '../inScratchFolder.ts';
import { spread, type Spread } from '../measure/percentiles.ts';
import { isLoaded } from '../report/otherLoad.ts';
import { HOT_PATHS, type HotPath } from './hotPaths.ts';

/** The folders of the two sides: the working tree, and the commit that it is held against. */
export interface Sides {
  readonly ours: string;
  readonly theirs: string;
}

const WARM_UP = 6;
/** Of ours in one pair. Processes differ more from each other than rounds of one process do, so pairs are many and short. */
const ROUNDS = 10;

/** Measures a path in both trees, on fresh servers of their own. Returns what ours costs as a multiple of theirs. */
export function comparePath(hotPath: HotPath, sides: Sides, pair: number): Promise<number> {
  const isBoth = GATE_CHECKS.find(({ id }) => id === hotPath)?.counts === 'both';
  const cost = ({ process, server }: Micros) => (isBoth ? process + server : process);
  return inScratchFolder((folder) => {
    const open = async (root: string) => {
      const own = path.join(folder, root === sides.ours ? 'ours' : 'theirs');
      await mkdir(own);
      return HOT_PATHS[hotPath](own, root);
    };
    return measurePair({ open, cost }, sides, pair);
  });
}

interface Subject {
  /** Starts what is measured with the programs of the tree at `root`. */
  readonly open: (root: string) => Promise<Measurable>;
  readonly cost: (micros: Micros) => number;
}

/** In every other pair ours is started first and is the outer one, so that a place in the order tells for neither side. */
export async function measurePair({ open, cost }: Subject, { ours, theirs }: Sides, pair: number): Promise<number> {
  const isOursFirst = pair % 2 === 1;
  const outer = await open(isOursFirst ? ours : theirs);
  const inner = await open(isOursFirst ? theirs : ours);
  try {
    for (let round = 0; round < WARM_UP; round += 1) await Promise.all([outer.round(), inner.round()]);
    const ratio = await inTurns(inner, outer, cost);
    return isOursFirst ? 1 / ratio : ratio;
  } finally {
    await inner.stop();
    await outer.stop();
  }
}

/**
 * Runs outer, inner, outer, inner, …, outer, and divides each round of inner by the mean of those around it: so a machine that
 * becomes slower meanwhile tells for neither. Returns the median of these ratios.
 */
export async function inTurns(
  inner: Pick<Measurable, 'round'>,
  outer: Pick<Measurable, 'round'>,
  cost: (micros: Micros) => number,
): Promise<number> {
  const ratios: number[] = [];
  let before = cost(await outer.round());
  while (ratios.length < ROUNDS) {
    const between = cost(await inner.round());
    const after = cost(await outer.round());
    ratios.push(between / ((before + after) / 2));
    before = after;
  }
  return spread(ratios).median;
}

/** What the pairs of one path came to. */
export interface Comparison {
  readonly ratio: Spread;
  readonly pairs: number;
  readonly isWithin: boolean;
}

/** The fewest pairs, and the most where some are within the limit and others are not. */
const FEWEST_PAIRS = 5;
const MOST_PAIRS = 11;

/**
 * Measures pairs until the first five agree about the limit, or eleven are measured, and judges all of them by their median. Of
 * two sides that cost what the limit allows five agree by chance once in sixteen times. A ratio that is no number is not within any limit.
 *
 * @param measure - measures a pair, whose number it is given.
 */
export async function judgePairs(measure: (pair: number) => Promise<number>, limit: number): Promise<Comparison> {
  const ratios: number[] = [];
  while (ratios.length < FEWEST_PAIRS) ratios.push(await measure(ratios.length));
  const within = ratios.filter((ratio) => ratio <= limit).length;
  const wanted = within === 0 || within === FEWEST_PAIRS ? FEWEST_PAIRS : MOST_PAIRS;
  while (ratios.length < wanted) ratios.push(await measure(ratios.length));
  const ratio = spread(ratios);
  return { ratio, pairs: ratios.length, isWithin: ratio.median <= limit };
}

export type Outcome = 'within' | 'above' | 'not judged';

/** Tells what pairs say. Beside other processes those that do not agree about the limit say nothing. */
export function outcomeOf({ pairs, isWithin }: Comparison, otherCores: number): Outcome {
  if (pairs > FEWEST_PAIRS && isLoaded(otherCores)) return 'not judged';
  return isWithin ? 'within' : 'above';
}
