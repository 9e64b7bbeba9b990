import type { AttemptAbortedError } from '../handler/attemptAbortedError.ts';

/** How the run of a handler ended. What a handler does after it was told to stop counts no more. */
export type Ending =
  | { readonly kind: 'returned'; readonly value: unknown }
  | { readonly kind: 'threw'; readonly error: unknown }
  | { readonly kind: 'aborted'; readonly error: AttemptAbortedError };

export type Outcome = Ending & { readonly durationMs: number };
