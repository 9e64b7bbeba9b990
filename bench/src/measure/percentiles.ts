export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** Percentiles of durations in µs, given in ms; undefined without any. */
export function percentilesMs(micros: readonly number[]): Percentiles | undefined {
  if (micros.length === 0) return undefined;
  const sorted = micros.toSorted((a, b) => a - b);
  const at = (share: number) => (sorted[Math.ceil(share * sorted.length) - 1] ?? 0) / 1_000;
  return { p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1) };
}
