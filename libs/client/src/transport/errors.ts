import type { Job } from '../jobs/job.ts';

const TYPE_PREFIX = 'urn:jobstream:problem:';

export interface ErrorDetails extends ErrorOptions {
  /** The HTTP status, if there was a response. */
  readonly status?: number | undefined;
  /** The problem details of the API, if the API responded. */
  readonly problem?: Problem | undefined;
}

/**
 * The base of all errors of this package. `code` is that of the problem, such as `illegal-transition`. What an error does not have is
 * no property of it: Node prints all of them, also those that are undefined, below an error that nothing catches.
 */
export abstract class JobstreamError extends Error {
  readonly code: string;
  declare readonly status: number | undefined;
  declare readonly problem: Problem | undefined;

  constructor(message: string, codeIfNone: string, { status, problem, cause }: ErrorDetails) {
    super(message, cause === undefined ? {} : { cause });
    this.name = new.target.name;
    this.code = problem === undefined ? codeIfNone : problemCode(problem);
    if (status !== undefined) this.status = status;
    if (problem !== undefined) this.problem = problem;
  }
}

/** The API could not be reached, or was busy for longer than `retryForMs`. Try again later. */
export class UnavailableError extends JobstreamError {
  /** When the API advises to try again, in milliseconds after the response. */
  declare readonly retryAfterMs: number | undefined;
  /** Whether the request may have taken effect although it failed. */
  readonly outcomeUnknown: boolean;

  constructor(message: string, details: ErrorDetails & { retryAfterMs?: number | undefined; outcomeUnknown: boolean }) {
    super(message, details.status === undefined ? 'no-answer' : 'unavailable', details);
    if (details.retryAfterMs !== undefined) this.retryAfterMs = details.retryAfterMs;
    this.outcomeUnknown = details.outcomeUnknown;
  }
}

/** The request is invalid; repeating it cannot succeed. `problem.errors` names each mistake. */
export class InvalidRequestError extends JobstreamError {
  constructor(message: string, details: ErrorDetails) {
    super(message, 'invalid-request', details);
  }
}

/** The credentials are missing or invalid, or do not allow the operation. */
export class AccessDeniedError extends JobstreamError {
  constructor(message: string, details: ErrorDetails) {
    super(message, 'access-denied', details);
  }
}

/** The job, schedule or job type does not exist. */
export class NotFoundError extends JobstreamError {
  constructor(message: string, details: ErrorDetails) {
    super(message, 'not-found', details);
  }
}

/** The current state does not allow the operation: read it and decide again. */
export class ConflictError extends JobstreamError {
  constructor(message: string, details: ErrorDetails) {
    super(message, 'conflict', details);
  }
}

/** The response is a server error or not one of this API: tell its operator. */
export class UnexpectedAnswerError extends JobstreamError {
  constructor(message: string, details: ErrorDetails) {
    super(message, 'unexpected-answer', details);
  }
}

/** One mistake in a payload: a JSON Pointer into it, such as `/width`, and what is wrong there. */
export interface PayloadIssue {
  readonly pointer: string;
  readonly detail: string;
}

/** The payload of a job, or of a signal to it, does not match the schema of the job's definition. Nothing was sent. */
export class PayloadError extends JobstreamError {
  readonly issues: readonly PayloadIssue[];

  constructor(type: string, issues: readonly PayloadIssue[], signalName?: string) {
    const mistakes = issues.map(({ pointer, detail }) => `/payload${pointer} ${detail}`).join('; ');
    const what = signalName === undefined ? 'a job' : `the signal ${signalName} to a job`;
    super(`invalid payload of ${what} of type ${type}: ${mistakes}`, 'invalid-payload', {});
    this.issues = issues;
  }
}

/** The job whose result was awaited failed for good; `job.error` says why. */
export class JobFailedError extends JobstreamError {
  readonly job: Job;

  constructor(job: Job) {
    const { name = 'Error', message = 'unknown' } = job.error ?? {};
    super(`job ${job.id} of type ${job.type} failed: ${name}: ${message}`, 'job-failed', {});
    this.job = job;
  }
}

/** The job whose result was awaited was cancelled. */
export class JobCancelledError extends JobstreamError {
  readonly job: Job;

  constructor(job: Job) {
    super(`job ${job.id} of type ${job.type} was cancelled`, 'job-cancelled', {});
    this.job = job;
  }
}

/** One mistake in a request: its place, and what is expected there. */
export type FieldError =
  | { readonly pointer: string; readonly detail: string }
  | { readonly parameter: string; readonly detail: string }
  | { readonly header: string; readonly detail: string };

/** Problem details of a rejected request (RFC 9457). */
export interface Problem {
  /** `urn:jobstream:problem:` and a code such as `illegal-transition`. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly instance?: string;
  readonly errors?: readonly FieldError[];
  readonly requestId?: string;
}

/** Parses the problem details of a response body; undefined for anything else, such as a proxy's page. */
export function parseProblem(text: string): Problem | undefined {
  try {
    const body = JSON.parse(text) as Partial<Problem> | null;
    return typeof body?.type === 'string' && body.type.startsWith(TYPE_PREFIX) ? (body as Problem) : undefined;
  } catch {
    return undefined;
  }
}

/** Returns `illegal-transition` of `urn:jobstream:problem:illegal-transition`. */
export function problemCode({ type }: Problem): string {
  return type.slice(TYPE_PREFIX.length);
}
