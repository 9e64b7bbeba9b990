import type { Difference, VerificationEnd, VerificationResult } from '@jobstream/readmodel';
import type { Verification } from './verifyTables.ts';

/** How a verification ended, as it is kept. */
export interface VerificationEnding {
  readonly status: VerificationEnd;
  readonly result: VerificationResult;
}

export const DIFFERENCES_KEPT = 100;

/** Returns what is kept of a verification, with its first differences. After a repair they are still those that were found. */
export function endOf(found: Verification, first: readonly Difference[]): VerificationEnding {
  const { position, end, jobs, differences, unreadable, ignored, lags } = found;
  const figures = {
    position,
    end,
    jobs,
    differences,
    unreadableJobs: unreadable.total,
    ignoredMessages: ignored.total,
  };
  return { status: statusOf(differences, lags), result: { ...figures, first } };
}

function statusOf(differences: number, lags: boolean): VerificationEnd {
  if (differences > 0) return 'differs';
  return lags ? 'lags' : 'equal';
}
