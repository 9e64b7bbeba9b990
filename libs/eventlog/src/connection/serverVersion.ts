import { UnsupportedServerError } from '../errors.ts';

/**
 * The first server whose expectations inside atomic batches are right (2.14.4); cron schedules came with 2.14.0, `@at`
 * schedules and batches with 2.12.0, the expectation's subject header with 2.11.0. Older ones ignore what they do not know.
 */
export const MINIMUM_SERVER = '2.14.4';

/** Throws UnsupportedServerError unless `version` (e.g. `2.15.1` or `2.16.0-RC.1`) is new enough. */
export function assertSupportedServer(version: string): void {
  if (compare(numbers(version), numbers(MINIMUM_SERVER)) < 0) {
    throw new UnsupportedServerError(version, MINIMUM_SERVER);
  }
}

function numbers(version: string): number[] {
  return (/^v?(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1) ?? ['0', '0', '0']).map(Number);
}

function compare(left: readonly number[], right: readonly number[]): number {
  for (const [index, number] of left.entries()) {
    const difference = number - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
