/** Thrown by a handler when no further attempt can succeed: the job fails at once. */
export class UnrecoverableError extends Error {
  readonly code: string;

  constructor(message: string, { code = 'UNRECOVERABLE', ...options }: ErrorOptions & { code?: string } = {}) {
    super(message, options);
    this.name = 'UnrecoverableError';
    this.code = code;
  }
}

/** Thrown by a handler that knows when to come back: the next attempt waits at least `retryAfterMs` milliseconds. */
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

/** The payload is not what the handler takes; `problems` has one line for each mistake, beginning with its path. */
export class InvalidPayloadError extends Error {
  readonly code = 'INVALID_PAYLOAD';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('; '));
    this.name = 'InvalidPayloadError';
    this.problems = problems;
  }
}

const abortCodes = {
  timeout: 'ATTEMPT_TIMEOUT',
  shutdown: 'WORKER_SHUTDOWN',
  cancelled: 'JOB_CANCELLED',
  overtaken: 'ATTEMPT_OVERTAKEN',
} as const;

/**
 * Why the signal of an attempt was aborted: it took too long, the worker stops, the job was cancelled, or the job has
 * moved on without it in another way.
 */
export class AttemptAbortedError extends Error {
  readonly code: (typeof abortCodes)[keyof typeof abortCodes];
  readonly kind: keyof typeof abortCodes;

  constructor(kind: keyof typeof abortCodes, detail: string) {
    super(detail);
    this.name = 'AttemptAbortedError';
    this.kind = kind;
    this.code = abortCodes[kind];
  }
}

/**
 * What `ctx.sleep` and `ctx.waitFor` throw into a handler whose attempt goes on later, in another run: let it pass. One that catches it changes
 * nothing.
 */
export class AttemptSuspendedError extends Error {
  readonly code = 'ATTEMPT_SUSPENDED';

  /** @param title of the sleep, or the wait. */
  constructor(title: string) {
    super(`the attempt ends here for now, in ${title}`);
    this.name = 'AttemptSuspendedError';
  }

  /** Says when the attempt goes on, or by which signals. */
  goesOn({ until, signals }: { readonly until: string; readonly signals?: readonly string[] }): this {
    this.message +=
      signals === undefined ? `: it goes on at ${until}` : `: it goes on with ${signals.join(' or ')}, or at ${until}`;
    return this;
  }
}
