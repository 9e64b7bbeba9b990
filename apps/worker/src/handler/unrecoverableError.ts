/** Thrown by a handler when no further attempt can succeed: the job fails at once. */
export class UnrecoverableError extends Error {
  readonly code: string;

  constructor(message: string, { code = 'UNRECOVERABLE', ...options }: ErrorOptions & { code?: string } = {}) {
    super(message, options);
    this.name = 'UnrecoverableError';
    this.code = code;
  }
}
