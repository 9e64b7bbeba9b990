import { problemCode, type Problem } from './problem.ts';

export interface ErrorDetails extends ErrorOptions {
  /** The HTTP status, if there was an answer. */
  readonly status?: number | undefined;
  /** What the API says about it, if it was the API that answered. */
  readonly problem?: Problem | undefined;
}

/** What all errors of this package have. `code` is that of the problem, such as `illegal-transition`. */
export abstract class JobstreamError extends Error {
  readonly code: string;
  readonly status: number | undefined;
  readonly problem: Problem | undefined;

  constructor(message: string, codeIfNone: string, { status, problem, cause }: ErrorDetails) {
    super(message, cause === undefined ? {} : { cause });
    this.name = new.target.name;
    this.code = problem === undefined ? codeIfNone : problemCode(problem);
    this.status = status;
    this.problem = problem;
  }
}

/** The API could not be reached or was busy for too long: try again later. */
export class UnavailableError extends JobstreamError {
  /** When the API says that it makes sense to try again, in milliseconds from the answer. */
  readonly retryAfterMs: number | undefined;
  /** Whether the request may have had its effect all the same. */
  readonly outcomeUnknown: boolean;

  constructor(message: string, details: ErrorDetails & { retryAfterMs?: number | undefined; outcomeUnknown: boolean }) {
    super(message, details.status === undefined ? 'no-answer' : 'unavailable', details);
    this.retryAfterMs = details.retryAfterMs;
    this.outcomeUnknown = details.outcomeUnknown;
  }
}

/** The request is wrong and will never be taken as it is: mend it. `problem.errors` names each mistake. */
export class InvalidRequestError extends JobstreamError {
  constructor(message: string, details: ErrorDetails) {
    super(message, 'invalid-request', details);
  }
}

/** The credentials are missing, no good, or do not allow this: use others. */
export class AccessDeniedError extends JobstreamError {
  constructor(message: string, details: ErrorDetails) {
    super(message, 'access-denied', details);
  }
}

/** There is no such job, schedule or job type. */
export class NotFoundError extends JobstreamError {
  constructor(message: string, details: ErrorDetails) {
    super(message, 'not-found', details);
  }
}

/** The present state forbids it: look at what is there, and decide again. */
export class ConflictError extends JobstreamError {
  constructor(message: string, details: ErrorDetails) {
    super(message, 'conflict', details);
  }
}

/** An answer that the API should not give, or something that is no answer of the API: tell whoever runs it. */
export class UnexpectedAnswerError extends JobstreamError {
  constructor(message: string, details: ErrorDetails) {
    super(message, 'unexpected-answer', details);
  }
}
