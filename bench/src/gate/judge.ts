import type { Measured } from './measureCheck.ts';

/** A ratio may be this much of the reference: less is within what a busy machine does to it. */
export const TOLERANCE = 1.25;
/** So often is measured before a ratio counts as worse. */
export const REPEATS = 3;

export interface Verdict {
  /** The best of the repeats. */
  readonly best: Measured;
  readonly repeats: number;
  readonly passed: boolean;
}

/** Measures until one ratio is good enough, three times at most. */
export async function judge(measure: () => Promise<Measured>, reference: number): Promise<Verdict> {
  let best = await measure();
  let repeats = 1;
  while (isWorse(best, reference) && repeats < REPEATS) {
    const again = await measure();
    repeats += 1;
    if (!(best.ratio <= again.ratio)) best = again;
  }
  return { best, repeats, passed: !isWorse(best, reference) };
}

function isWorse({ ratio }: Measured, reference: number): boolean {
  return !(ratio <= reference * TOLERANCE);
}
