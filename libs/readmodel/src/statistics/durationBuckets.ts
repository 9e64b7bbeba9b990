/** The number of durations in each bucket of a histogram; empty buckets are left out. */
export type Buckets = Readonly<Record<string, number>>;

/**
 * The largest relative error of a duration read from its bucket, from 1 ms on. The buckets grow by a constant ratio, so
 * that some 200 cover a millisecond to seven days, and histograms are merged by adding their buckets.
 */
const RELATIVE_ERROR = 0.05;
const RATIO = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR);
const LOG_RATIO = Math.log(RATIO);

/** The bucket of a duration: 0 up to 1 ms, then each 10.5 % wider than the one before. */
export function bucketOf(ms: number): number {
  return ms <= 1 ? 0 : Math.ceil(Math.log(ms) / LOG_RATIO);
}

/** The duration that represents a bucket: at most 5 % from every duration in it. */
function durationOf(bucket: number): number {
  return bucket === 0 ? 1 : (2 * RATIO ** bucket) / (RATIO + 1);
}

/** The quantile in milliseconds for a share of 0 to 1; undefined without durations. */
export function quantileOf(buckets: Buckets, share: number): number | undefined {
  const entries = Object.entries(buckets).map(([bucket, count]) => ({ bucket: Number(bucket), count }));
  const total = entries.reduce((sum, { count }) => sum + count, 0);
  const rank = Math.max(1, Math.ceil(share * total));
  let seen = 0;
  for (const { bucket, count } of entries.toSorted((one, other) => one.bucket - other.bucket)) {
    seen += count;
    if (seen >= rank) return durationOf(bucket);
  }
  return undefined;
}
