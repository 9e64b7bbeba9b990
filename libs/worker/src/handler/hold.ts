import type { JobContext } from './jobHandler.ts';

/** Keeps a handler from being interrupted by its sleeps until the work is done; for those that run a handler elsewhere. */
export const HOLD = Symbol('hold');

export interface HoldableContext extends JobContext {
  readonly [HOLD]: <Result>(work: Promise<Result>) => Promise<Result>;
}

/** Whether the context is one of an attempt, and not one of a test. */
export function isHoldable(ctx: JobContext): ctx is HoldableContext {
  return HOLD in ctx;
}
