import { inScratchFolder } from '../inScratchFolder.ts';
import { spread } from '../measure/percentiles.ts';
import type { GateCheck, GatePair, Micros } from './gateCheck.ts';

/** A ratio may be this much of the reference: less is within what a busy machine does to it. */
export const TOLERANCE = 1.25;

/**
 * A machine on which the baseline costs more than this many times what it cost for the reference is another one: whoever else
 * runs on it takes the caches, which the larger program misses more.
 */
export const UNLIKE = 2;

/** Measurements before a ratio counts as worse. */
export const REPEATS = 3;

/** What a check came to, in µs of processor time an operation, and ours as a multiple of the baseline. */
export interface Measured {
  readonly ours: Micros;
  readonly baseline: Micros;
  readonly ratio: number;
}

interface Pair {
  readonly ours: Micros;
  readonly baseline: Micros;
}

const WARM_UP = 4;
const ROUNDS = 20;

/**
 * Ours and the baseline in turn, on fresh servers, in rounds so short that both see the machine in the same state. The
 * ratio is the median of those of the pairs.
 */
export function measureCheck(check: GateCheck): Promise<Measured> {
  return inScratchFolder(async (folder) => {
    const opened = await check.open(folder);
    try {
      return compared(await roundsOf(opened), check.counts);
    } finally {
      await opened.stop();
    }
  });
}

async function roundsOf(opened: GatePair): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (let round = 0; round < WARM_UP + ROUNDS; round += 1)
    pairs.push({ ours: await opened.ours.round(), baseline: await opened.baseline.round() });
  return pairs.slice(WARM_UP);
}

function compared(pairs: readonly Pair[], counts: GateCheck['counts']): Measured {
  const counted = ({ process, server }: Micros) => (counts === 'both' ? process + server : process);
  return {
    ours: middle(pairs.map(({ ours }) => ours)),
    baseline: middle(pairs.map(({ baseline }) => baseline)),
    ratio: median(pairs.map(({ ours, baseline }) => counted(ours) / counted(baseline))),
  };
}

function middle(rounds: readonly Micros[]): Micros {
  return { process: median(rounds.map((round) => round.process)), server: median(rounds.map(({ server }) => server)) };
}

function median(values: readonly number[]): number {
  return spread(values).median;
}

export interface Verdict {
  /** The best of the repeats. */
  readonly best: Measured;
  readonly repeats: number;
  /** `unlike`: the ratio is worse, but the machine is not comparable with that of the reference, so it says nothing. */
  readonly outcome: 'ok' | 'worse' | 'unlike';
}

/** Measures until one ratio is good enough, at most three times, and once on a machine that is unlike the reference's. */
export async function judge(measure: () => Promise<Measured>, reference: Measured | undefined): Promise<Verdict> {
  let best = await measure();
  let repeats = 1;
  while (outcomeOf(best, reference) === 'worse' && repeats < REPEATS) {
    const again = await measure();
    repeats += 1;
    if (!(best.ratio <= again.ratio)) best = again;
  }
  return { best, repeats, outcome: outcomeOf(best, reference) };
}

function outcomeOf({ ratio, baseline }: Measured, reference: Measured | undefined): Verdict['outcome'] {
  if (reference === undefined) return 'worse';
  if (ratio <= reference.ratio * TOLERANCE) return 'ok';
  return baseline.process > reference.baseline.process * UNLIKE ? 'unlike' : 'worse';
}
