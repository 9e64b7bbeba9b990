/** Microseconds of the machine's monotonic clock, the same for all processes on it. */
export function monotonicMicros(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}
