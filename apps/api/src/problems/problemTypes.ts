interface ProblemType {
  readonly status: number;
  readonly title: string;
  /** When trying again makes sense: after so many seconds. */
  readonly retryAfter?: number;
}

/** Every way in which this API refuses a request: the one place that knows HTTP statuses. */
export const problemTypes = {
  'malformed-request': { status: 400, title: 'The request is malformed' },
  'malformed-json': { status: 400, title: 'The body is not valid JSON' },
  'invalid-header': { status: 400, title: 'A header is not valid' },
  'invalid-parameter': { status: 400, title: 'A query parameter is not valid' },
  'credentials-required': { status: 401, title: 'Who asks must say who they are' },
  'credentials-refused': { status: 401, title: 'The key or token is not good' },
  'insufficient-scope': { status: 403, title: 'The key or token does not allow this' },
  'not-for-tenants': { status: 403, title: 'This is not for a single tenant' },
  'foreign-request': { status: 403, title: 'The request comes from elsewhere' },
  'path-not-found': { status: 404, title: 'There is nothing at this path' },
  'job-not-found': { status: 404, title: 'There is no such job' },
  'schedule-not-found': { status: 404, title: 'There is no such schedule' },
  'type-not-found': { status: 404, title: 'There is no such job type' },
  'key-not-found': { status: 404, title: 'There is no such API key' },
  'method-not-allowed': { status: 405, title: 'The method is not allowed here' },
  'request-timeout': { status: 408, title: 'The request did not arrive in time' },
  'illegal-transition': { status: 409, title: 'The state of the job forbids this' },
  'contents-in-clear': { status: 409, title: 'The contents of the job are not encrypted' },
  'job-changed': { status: 409, title: 'The job changed at the same time' },
  'version-not-reached': { status: 409, title: 'The job has not come to this version' },
  'schedule-exists': { status: 409, title: 'There is a schedule of this name already' },
  'schedule-changed': { status: 409, title: 'The schedule changed at the same time' },
  'precondition-failed': { status: 412, title: 'The version is not the expected one' },
  'payload-too-large': { status: 413, title: 'The payload is too large' },
  'unsupported-media-type': { status: 415, title: 'The body must be JSON in UTF-8' },
  'invalid-request': { status: 422, title: 'The request is not valid' },
  'idempotency-key-reused': { status: 422, title: 'The idempotency key belongs to another request' },
  'rate-limited': { status: 429, title: 'Too many requests' },
  'headers-too-large': { status: 431, title: 'The headers are too large' },
  'internal-error': { status: 500, title: 'Something went wrong on our side' },
  'credentials-unverifiable': { status: 503, title: 'The key or token cannot be checked', retryAfter: 2 },
  'deadline-exceeded': { status: 503, title: 'The answer took too long', retryAfter: 2 },
  'log-unavailable': { status: 503, title: 'The event log cannot be reached', retryAfter: 2 },
  'history-unavailable': { status: 503, title: 'A part of the history cannot be read', retryAfter: 30 },
  'log-overloaded': { status: 503, title: 'The event log is overloaded', retryAfter: 1 },
  'too-many-feeds': { status: 503, title: 'Too many feeds are open', retryAfter: 5 },
  stopping: { status: 503, title: 'This process is about to stop', retryAfter: 1 },
  'table-unavailable': { status: 503, title: 'The jobs table cannot be reached', retryAfter: 2 },
} as const satisfies Record<string, ProblemType>;

export type ProblemCode = keyof typeof problemTypes;

/** What the API knows about a kind of problem. */
export function problemType(code: ProblemCode): ProblemType {
  return problemTypes[code];
}
