import { type Backoff, defaultBackoff } from './backoff.ts';

/** What a job has where its creator says nothing. */
export const newJobDefaults = { payload: null, maxAttempts: 5, timeoutMs: 3_600_000, tags: [] } as const;
/** How far ahead a job may be due. */
export const MAX_AHEAD_MS = 366 * 86_400_000;
/** The maximum size of a payload as compact JSON. */
export const MAX_PAYLOAD_BYTES = 256 * 1_024;

/** A backoff as its creator may give it: the rest is that of the default. */
type RequestedBackoff =
  | { readonly type: 'fixed'; readonly delayMs?: number }
  | { readonly type: 'exponential'; readonly delayMs?: number; readonly maxDelayMs?: number; readonly jitter?: number };

/** A job as its creator asks for it. */
export interface NewJobRequest {
  readonly type: string;
  readonly payload?: unknown;
  readonly runAt?: string;
  readonly delayMs?: number;
  readonly maxAttempts?: number;
  readonly backoff?: RequestedBackoff;
  readonly timeoutMs?: number;
  readonly tags?: readonly string[];
}

/** Checks the due time of a request, which two fields determine; `now` is in milliseconds. */
export function dueTimeFaults(
  request: unknown,
  now: number,
): readonly { readonly pointer: string; readonly detail: string }[] {
  if (typeof request !== 'object' || request === null) return [];
  const { runAt, delayMs } = request as { runAt?: unknown; delayMs?: unknown };
  if (runAt === undefined) return [];
  if (delayMs !== undefined) return [{ pointer: '/delayMs', detail: 'must not be given together with runAt' }];
  const tooFar = typeof runAt === 'string' && Date.parse(runAt) > now + MAX_AHEAD_MS;
  return tooFar ? [{ pointer: '/runAt', detail: 'must be at most a year ahead' }] : [];
}

/** Fills in the defaults of a request; `delayMs` counts from `now`, the server's time in milliseconds. */
export function jobSettings(request: NewJobRequest, now: number) {
  const { type, delayMs = 0, backoff, runAt, ...given } = request;
  const dueAt = runAt ?? (delayMs > 0 ? new Date(now + delayMs).toISOString() : undefined);
  return {
    ...newJobDefaults,
    ...given,
    jobType: type,
    backoff: completeBackoff(backoff),
    ...(dueAt === undefined ? {} : { runAt: dueAt }),
    ...(delayMs > 0 ? { delayMs } : {}),
  };
}

function completeBackoff(requested: RequestedBackoff | undefined): Backoff {
  if (requested === undefined) return defaultBackoff;
  if (requested.type === 'fixed') return { delayMs: defaultBackoff.delayMs, ...requested };
  // The zeros only satisfy the type: the default is exponential and brings its own.
  const base = { maxDelayMs: 0, jitter: 0, ...defaultBackoff };
  const maxDelayMs = Math.max(base.maxDelayMs, requested.delayMs ?? 0);
  return { ...base, maxDelayMs, ...requested };
}
