const FIRST_MS = 100;

const LONGEST_MS = 5_000;

/** Resolves after `ms` milliseconds; rejects with the signal's reason as soon as it is aborted. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/**
 * Returns the delay in milliseconds after failed attempt number `tries` (1, 2, …): exponential backoff with jitter, or the
 * `Retry-After` of the API with jitter on top.
 */
export function retryDelay(tries: number, retryAfterMs = 0): number {
  const backoff = Math.min(FIRST_MS * 2 ** (tries - 1), LONGEST_MS);
  const random = 0.5 + Math.random() / 2;
  return retryAfterMs > 0 ? retryAfterMs + FIRST_MS * random : backoff * random;
}

/** A signal that is aborted after `ms` milliseconds or with the caller's signal, whichever is first. */
interface TimeLimit {
  readonly signal: AbortSignal;
  /** Removes the time limit; only the caller's signal remains. */
  readonly lift: () => void;
}

/** Starts a time limit. */
export function timeLimit(ms: number, signal: AbortSignal | undefined): TimeLimit {
  const overdue = new AbortController();
  const reason = new DOMException(`nothing came within ${ms} ms`, 'TimeoutError');
  const timer = ms === Infinity ? undefined : setTimeout(() => overdue.abort(reason), ms);
  return {
    signal: signal === undefined ? overdue.signal : AbortSignal.any([signal, overdue.signal]),
    lift: () => clearTimeout(timer),
  };
}
