import type { Appendable } from './appendable.ts';
import { ConcurrentAppendError } from '../errors.ts';

/** An append on its way: what to store, what it expects, and whom to tell. Times are of `performance.now()`. */
export interface PendingAppend {
  readonly eventId: string;
  readonly kind: Appendable['kind'];
  readonly owner: string;
  readonly subject: string;
  readonly filter: string;
  readonly traceparent?: string | undefined;
  readonly body: Uint8Array;
  readonly expected: number;
  readonly deadline: number;
  readonly resolve: (sequence: number) => void;
  readonly reject: (error: Error) => void;
  /** Set once an outcome was unknown: from then on a conflict may be our own first try. */
  uncertain: boolean;
  /** Set once its outcome was told. */
  settled: boolean;
}

/** Another writer was faster. */
export function hasMovedOn({ kind, owner, expected }: PendingAppend): ConcurrentAppendError {
  return new ConcurrentAppendError(`${kind} ${owner}`, expected);
}
