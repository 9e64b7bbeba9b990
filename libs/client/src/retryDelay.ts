const FIRST_MS = 100;
const LONGEST_MS = 5_000;

/**
 * Milliseconds to wait after failed try number `tries` (1, 2, …): doubled each time, and shortened at random so that
 * many clients do not come back in step. When the API has named a time, it is that time and a little chance on top.
 */
export function retryDelay(tries: number, retryAfterMs = 0): number {
  const backoff = Math.min(FIRST_MS * 2 ** (tries - 1), LONGEST_MS);
  const random = 0.5 + Math.random() / 2;
  return retryAfterMs > 0 ? retryAfterMs + FIRST_MS * random : backoff * random;
}
