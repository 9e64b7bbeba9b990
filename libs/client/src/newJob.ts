/** What a job is to be; only `type` is required, docs/api.md has the limits and the defaults. */
export interface NewJob {
  readonly type: string;
  readonly payload?: unknown;
  /** RFC 3339; not together with `delayMs`. */
  readonly runAt?: string;
  readonly delayMs?: number;
  readonly maxAttempts?: number;
  readonly backoff?: NewBackoff;
  readonly timeoutMs?: number;
  readonly tags?: readonly string[];
}

export type NewBackoff =
  | { readonly type: 'fixed'; readonly delayMs?: number }
  | { readonly type: 'exponential'; readonly delayMs?: number; readonly maxDelayMs?: number; readonly jitter?: number };
