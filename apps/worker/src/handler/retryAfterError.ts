/** Thrown by a handler that knows when to come back: the next attempt waits at least `retryAfterMs`. */
export class RetryAfterError extends Error {
  readonly code: string;
  readonly retryAfterMs: number;

  constructor(
    message: string,
    retryAfterMs: number,
    { code = 'RETRY_AFTER', ...options }: ErrorOptions & { code?: string } = {},
  ) {
    super(message, options);
    this.name = 'RetryAfterError';
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}
