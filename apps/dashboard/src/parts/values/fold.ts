import { useState } from 'react';

/** Items that are shown or left out, from one index up to another, which does not belong to them. */
export interface Segment {
  readonly from: number;
  readonly to: number;
  readonly isShown: boolean;
}

type Range = readonly [from: number, to: number];

/** How many more are shown at a time, and around one that is asked for. */
const STEP = 100;
const AROUND = 10;

interface FoldOptions {
  /** How many are shown at the beginning. */
  readonly first: number;
  /** How many are shown at the end. */
  readonly last: number;
}

/** Of many items shows the first and the last, and more where that is asked for. */
export function useFold(count: number, { first, last }: FoldOptions) {
  const [revealed, setRevealed] = useState<readonly Range[]>([]);
  const add = (range: Range) => setRevealed((before) => [...before, range]);
  return {
    segments: segmentsOf(count, [[0, first], [count - last, count], ...revealed]),
    /** Shows more before the end of a segment that is left out. */
    showMore: ({ from, to }: Segment) => add([Math.max(from, to - STEP), to]),
    /** Shows one, with some around it. */
    reveal: (index: number) => add([index - AROUND, index + AROUND + 1]),
  };
}

/** Cuts items into those of the ranges, and those between. Where a single one would be left out, it is shown. */
export function segmentsOf(count: number, ranges: readonly Range[]): readonly Segment[] {
  const shown = Array.from({ length: count }, () => false);
  for (const [from, to] of ranges) shown.fill(true, Math.max(from, 0), Math.max(to, 0));
  const isShown = (index: number) =>
    shown[index] === true || (shown[index - 1] !== false && shown[index + 1] !== false);
  const begins = shown.flatMap((_, index) => (index === 0 || isShown(index) !== isShown(index - 1) ? [index] : []));
  return begins.map((from, index) => ({ from, to: begins[index + 1] ?? count, isShown: isShown(from) }));
}
