import type { Reference } from './reference.ts';

/**
 * What a check's ratio is held against: how dear the kernel is beside JavaScript differs between processors, so it is that of the
 * same model; on one that is not known the highest of all. Without any it is 0, which nothing can reach.
 */
export function referenceRatio(references: readonly Reference[], processor: string, check: string): number {
  const own = references.find((reference) => reference.processor === processor)?.checks[check];
  return own?.ratio ?? Math.max(0, ...references.map(({ checks }) => checks[check]?.ratio ?? 0));
}
