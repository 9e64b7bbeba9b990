import type { Measurable, Micros } from '../gate/gateCheck.ts';
import { GATE_CHECKS } from '../gate/gateChecks.ts';
import { inScratchFolder } from '../inScratchFolder.ts';
import { spread, type Spread } from '../measure/percentiles.ts';
import { isLoaded } from '../report/otherLoad.ts';
import { HOT_PATHS, type HotPath, type Two } from './hotPaths.ts';

/** The folders of the two sides: the working tree, and the commit that it is held against. */
export interface Sides {
  readonly ours: string;
  readonly theirs: string;
}

const WARM_UP = 4;
/** Of each side in one pair, twice. */
const TURNS = 20;

/** Measures a path in both trees, on fresh servers. Returns what ours costs as a multiple of theirs. */
export function comparePath(hotPath: HotPath, sides: Sides, pair: number): Promise<number> {
  const isBoth = GATE_CHECKS.find(({ id }) => id === hotPath)?.counts === 'both';
  const cost = ({ process, server }: Micros) => (isBoth ? process + server : process);
  return inScratchFolder((folder) => {
    const open = (roots: Two<string>) => HOT_PATHS[hotPath](folder, roots);
    return measurePair({ open, cost }, sides, pair);
  });
}

interface Subjects {
  /** Starts what is measured with the programs of the trees at `roots`, in this order. */
  readonly open: (roots: Two<string>) => Promise<Two<Measurable>>;
  readonly cost: (micros: Micros) => number;
}

/** In every other pair ours is the first, so that a place in the order tells for neither side. */
export async function measurePair({ open, cost }: Subjects, { ours, theirs }: Sides, pair: number): Promise<number> {
  const isOursFirst = pair % 2 === 0;
  const [first, second] = await open(isOursFirst ? [ours, theirs] : [theirs, ours]);
  try {
    for (let round = 0; round < WARM_UP; round += 1) await inTurn(first, second, cost);
    const ratios: number[] = [];
    while (ratios.length < TURNS) ratios.push(await inTurn(first, second, cost));
    const { median } = spread(ratios);
    return isOursFirst ? median : 1 / median;
  } finally {
    await first.stop();
    await second.stop();
  }
}

/**
 * Runs first, second, second, first, so that a machine that becomes slower meanwhile tells for neither. Returns what first costs as a
 * multiple of second.
 */
export async function inTurn(
  first: Pick<Measurable, 'round'>,
  second: Pick<Measurable, 'round'>,
  cost: (micros: Micros) => number,
): Promise<number> {
  const costOf = async (side: Pick<Measurable, 'round'>) => cost(await side.round());
  const before = await costOf(first);
  const between = (await costOf(second)) + (await costOf(second));
  return (before + (await costOf(first))) / between;
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
