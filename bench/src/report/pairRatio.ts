import { spread } from '../measure/percentiles.ts';

/** The median over the rounds of one row's figure against another's of the same round; a dash without pairs. */
export function pairRatio<Run>(
  own: readonly Run[],
  others: readonly Run[] | undefined,
  ratio: (own: Run, other: Run) => number,
  as: 'share' | 'times',
): string {
  const median = medianRatio(own, others ?? [], ratio);
  if (median === undefined || own === others) return '–';
  return as === 'share' ? `${Math.round(median * 100)} %` : `${median.toFixed(2)} ×`;
}

/** The same as a number, undefined without pairs. */
export function medianRatio<Run>(
  own: readonly Run[],
  others: readonly Run[],
  ratio: (own: Run, other: Run) => number,
): number | undefined {
  const pairs = own.flatMap((run, round) => {
    const other = others[round];
    return other === undefined ? [] : [ratio(run, other)];
  });
  return pairs.length === 0 ? undefined : spread(pairs).median;
}
