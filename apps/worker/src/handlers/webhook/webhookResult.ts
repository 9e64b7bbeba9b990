import { RetryAfterError, UnrecoverableError } from '@jobstream/worker';
import { capText } from '@jobstream/worker/engine';
import type { PostResponse } from './postJson.ts';

interface WebhookResult {
  readonly status: number;
  readonly body: string;
  readonly truncated?: true;
}

const EXCERPT_LIMIT = 300;
/** The longest wait that a receiver may ask for. */
const RETRY_AFTER_LIMIT_MS = 86_400_000;
/** Client errors that say "not now" rather than "never": timeout, too early, too many requests. */
const retriedClientErrors: ReadonlySet<number> = new Set([408, 425, 429]);

/** 2xx is the result; 408, 425, 429 and 5xx are thrown to be retried; everything else, redirects included, fails for good. */
export function webhookResult({ status, headers, body, truncated }: PostResponse, now: number): WebhookResult {
  if (status >= 200 && status < 300) return { status, body, ...(truncated ? { truncated } : {}) };
  const message = describe(status, headers.location, body);
  const code = `HTTP_${status}`;
  if (status < 500 && !retriedClientErrors.has(status)) throw new UnrecoverableError(message, { code });
  throw new RetryAfterError(message, retryAfterMs(headers['retry-after'], now) ?? 0, { code });
}

function describe(status: number, location: string | undefined, body: string): string {
  if (status >= 300 && status < 400) {
    return `the receiver answered ${status}, a redirect to ${capText(location ?? 'nowhere', EXCERPT_LIMIT)}: redirects are not followed`;
  }
  return body === ''
    ? `the receiver answered ${status}`
    : `the receiver answered ${status}: ${capText(body, EXCERPT_LIMIT)}`;
}

/** Milliseconds that a Retry-After header (seconds or an HTTP date) asks to wait, at most a day; undefined if it has none. */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  const text = header?.trim() ?? '';
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), RETRY_AFTER_LIMIT_MS);
}
