/** How many durations fell into each bucket of a histogram; buckets that are empty are left out. */
export type Buckets = Readonly<Record<string, number>>;

/**
 * A duration told from its bucket is at most so much off, for 1 ms and more. The buckets grow by a constant ratio, so some
 * 200 of them reach from a millisecond to seven days, and histograms are merged by adding bucket to bucket.
 */
const RELATIVE_ERROR = 0.05;
const RATIO = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR);
const LOG_RATIO = Math.log(RATIO);

/** The bucket of a duration: 0 up to 1 ms, then each 10.5 % wider than the one before. */
export function bucketOf(ms: number): number {
  return ms <= 1 ? 0 : Math.ceil(Math.log(ms) / LOG_RATIO);
}

/** The duration that stands for a bucket, in the middle of it by ratio: at most 5 % away from all that are in it. */
function durationOf(bucket: number): number {
  return bucket === 0 ? 1 : (2 * RATIO ** bucket) / (RATIO + 1);
}

/** The duration in milliseconds that such a share (0 to 1) of all does not exceed; undefined when there are none. */
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
