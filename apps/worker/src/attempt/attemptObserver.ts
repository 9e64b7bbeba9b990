import type { JobEvent } from '@jobstream/domain';

/**
 * How an attempt of this worker ended. `overtaken`: the job had moved on, and the result was dropped. `unsettled`: the
 * log stayed away until the worker closed, or the worker failed; the message comes again.
 */
export type AttemptEnd = 'completed' | 'retried' | 'failed' | 'released' | 'cancelled' | 'overtaken' | 'unsettled';

/** Told what becomes of deliveries, for metrics. It must be cheap and must not throw. */
export interface AttemptObserver {
  /** A message came again: it was handed back, or its acknowledgement did not come in time. */
  redelivered(jobType: string): void;
  /** An attempt has begun, so long after the job could have begun; undefined if it was taken over from a lost worker. */
  started(jobType: string, waitedMs: number | undefined): void;
  /** The handler of an attempt has ended, in whatever way. */
  ran(jobType: string, ms: number): void;
  /** An attempt that had begun is over. */
  ended(jobType: string, end: AttemptEnd): void;
  /** The attempt of another worker, which was gone, is over. */
  lost(jobType: string): void;
}

export const silentObserver: AttemptObserver = {
  redelivered: () => undefined,
  started: () => undefined,
  ran: () => undefined,
  ended: () => undefined,
  lost: () => undefined,
};

/** The end of an attempt whose outcome is this event. */
export function endIn({ event }: JobEvent): AttemptEnd {
  if (event === 'JobCompleted') return 'completed';
  if (event === 'JobRetryScheduled') return 'retried';
  return event === 'JobReleased' ? 'released' : 'failed';
}
