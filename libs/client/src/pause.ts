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
 * Milliseconds to wait after failed try number `tries` (1, 2, …): doubled each time, and shortened at random so that
 * many clients do not come back in step. When the API has named a time, it is that time and a little chance on top.
 */
export function retryDelay(tries: number, retryAfterMs = 0): number {
  const backoff = Math.min(FIRST_MS * 2 ** (tries - 1), LONGEST_MS);
  const random = 0.5 + Math.random() / 2;
  return retryAfterMs > 0 ? retryAfterMs + FIRST_MS * random : backoff * random;
}
