import * as Schema from 'effect/Schema';

const DAY_MS = 86_400_000;
/** The longest wait between two attempts: thirty days. */
export const MAX_DELAY_MS = 30 * DAY_MS;
const DelayMs = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: MAX_DELAY_MS }));
const Jitter = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }));

/**
 * How long a failed job waits before its next attempt. `fixed`: always `delayMs`. `exponential`: `delayMs` doubled
 * with each attempt, at most `maxDelayMs`. `jitter` is the share of the delay that chance may take off.
 */
export const Backoff = Schema.Union([
  Schema.Struct({ type: Schema.Literal('fixed'), delayMs: DelayMs }),
  Schema.Struct({ type: Schema.Literal('exponential'), delayMs: DelayMs, maxDelayMs: DelayMs, jitter: Jitter }),
]);
export type Backoff = typeof Backoff.Type;

/** A backoff as its creator may give it: the rest is that of the default. */
export const RequestedBackoff = Schema.Union([
  Schema.Struct({ type: Schema.Literal('fixed'), delayMs: Schema.optionalKey(DelayMs) }),
  Schema.Struct({
    type: Schema.Literal('exponential'),
    delayMs: Schema.optionalKey(DelayMs),
    maxDelayMs: Schema.optionalKey(DelayMs),
    jitter: Schema.optionalKey(Jitter),
  }),
]);
export type RequestedBackoff = typeof RequestedBackoff.Type;

/** One second, doubling up to one hour; up to a fifth is taken off at random so that failures do not return in step. */
export const defaultBackoff: Backoff = { type: 'exponential', delayMs: 1_000, maxDelayMs: 3_600_000, jitter: 0.2 };

/** Any delay but 0 is beyond the longest wait by then, and 0 times infinity is no number. */
const MAX_DOUBLINGS = 64;

/** Milliseconds to wait after failed attempt number `attempt` (1, 2, …); `random` in [0, 1) decides the jitter. */
export function retryDelayMs(backoff: Backoff, attempt: number, random: number): number {
  if (backoff.type === 'fixed') return backoff.delayMs;
  const doublings = Math.min(attempt - 1, MAX_DOUBLINGS);
  const delay = Math.min(backoff.delayMs * 2 ** doublings, backoff.maxDelayMs);
  return Math.round(delay * (1 - backoff.jitter * random));
}
