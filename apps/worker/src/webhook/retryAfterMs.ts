/** The longest wait that a receiver may ask for. */
const LIMIT_MS = 86_400_000;

/** Milliseconds that a Retry-After header (seconds or an HTTP date) asks to wait, at most a day; undefined if it says nothing. */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  const text = header?.trim() ?? '';
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), LIMIT_MS);
}
