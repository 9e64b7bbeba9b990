import type { AttemptAbortedError } from '../handler/attemptAbortedError.ts';

/**
 * How the run of a handler ended, or that there was none. What a handler does after it was told to stop counts no more.
 */
export type Ending =
  | { readonly kind: 'returned'; readonly value: unknown }
  | { readonly kind: 'threw'; readonly error: unknown }
  | { readonly kind: 'aborted'; readonly error: AttemptAbortedError }
  | { readonly kind: 'unstarted'; readonly because: string };

export type Outcome = Ending & { readonly durationMs: number };
