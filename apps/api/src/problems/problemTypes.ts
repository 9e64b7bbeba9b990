interface ProblemType {
  readonly status: number;
  readonly title: string;
  /** Seconds after which a client should try again. */
  readonly retryAfter?: number;
}

/** The problem types of this API by the end of their `type` URI: the one place that knows HTTP statuses. */
export const problemTypes = {
  'malformed-request': { status: 400, title: 'Malformed request' },
  'malformed-json': { status: 400, title: 'Malformed JSON' },
  'invalid-header': { status: 400, title: 'Invalid header' },
  'invalid-parameter': { status: 400, title: 'Invalid query parameter' },
  'query-too-expensive': { status: 400, title: 'Query too expensive' },
  'credentials-required': { status: 401, title: 'Authentication required' },
  'credentials-refused': { status: 401, title: 'Invalid credentials' },
  'insufficient-scope': { status: 403, title: 'Insufficient scope' },
  'not-for-tenants': { status: 403, title: 'Not available to tenants' },
  'foreign-request': { status: 403, title: 'Cross-origin request rejected' },
  'path-not-found': { status: 404, title: 'Not found' },
  'job-not-found': { status: 404, title: 'Job not found' },
  'schedule-not-found': { status: 404, title: 'Schedule not found' },
  'type-not-found': { status: 404, title: 'Job type not found' },
  'signal-not-found': { status: 404, title: 'Signal not found' },
  'operation-not-found': { status: 404, title: 'Operation not found' },
  'key-not-found': { status: 404, title: 'API key not found' },
  'method-not-allowed': { status: 405, title: 'Method not allowed' },
  'request-timeout': { status: 408, title: 'Request timeout' },
  'illegal-transition': { status: 409, title: 'Not allowed in the current state of the job' },
  'contents-in-clear': { status: 409, title: 'Job contents are not encrypted' },
  'job-unreadable': { status: 409, title: 'Job has events of a newer release' },
  'unique-key-held': { status: 409, title: 'Another job holds the unique key' },
  'too-many-priority-types': { status: 409, title: 'Too many job types with priorities' },
  'too-many-signal-types': { status: 409, title: 'Too many job types with priorities or signals' },
  'too-many-signals': { status: 409, title: 'Too many signals that the job has not read' },
  'job-changed': { status: 409, title: 'Job changed concurrently' },
  'version-not-reached': { status: 409, title: 'Job has not reached this version' },
  'schedule-exists': { status: 409, title: 'Schedule already exists' },
  'schedule-unreadable': { status: 409, title: 'Schedule has events of a newer release' },
  'schedule-changed': { status: 409, title: 'Schedule changed concurrently' },
  'operation-ended': { status: 409, title: 'Operation has ended' },
  'precondition-failed': { status: 412, title: 'Precondition failed' },
  'payload-too-large': { status: 413, title: 'Payload too large' },
  'unsupported-media-type': { status: 415, title: 'Unsupported media type' },
  'expectation-failed': { status: 417, title: 'Expectation failed' },
  'invalid-request': { status: 422, title: 'Invalid request' },
  'idempotency-key-reused': { status: 422, title: 'Idempotency key reused' },
  'rate-limited': { status: 429, title: 'Too many requests' },
  'caller-share-exceeded': { status: 429, title: 'Share of one caller exceeded', retryAfter: 5 },
  'too-many-operations': { status: 429, title: 'Too many operations', retryAfter: 5 },
  'headers-too-large': { status: 431, title: 'Headers too large' },
  'internal-error': { status: 500, title: 'Internal error' },
  'credentials-unverifiable': { status: 503, title: 'Credentials cannot be verified', retryAfter: 2 },
  'deadline-exceeded': { status: 503, title: 'Deadline exceeded', retryAfter: 2 },
  'log-unavailable': { status: 503, title: 'Event log unavailable', retryAfter: 2 },
  'history-unavailable': { status: 503, title: 'History unavailable', retryAfter: 30 },
  'past-not-reached': { status: 503, title: 'Past states not reached yet', retryAfter: 2 },
  'log-overloaded': { status: 503, title: 'Event log overloaded', retryAfter: 1 },
  'upgrade-unfinished': { status: 503, title: 'Processes of an earlier release are running', retryAfter: 15 },
  'too-many-feeds': { status: 503, title: 'Too many long requests', retryAfter: 5 },
  stopping: { status: 503, title: 'Server is shutting down', retryAfter: 1 },
  'table-unavailable': { status: 503, title: 'Jobs table unavailable', retryAfter: 2 },
} as const satisfies Record<string, ProblemType>;

export type ProblemCode = keyof typeof problemTypes;

/** The status, the title and the `Retry-After` of a problem type. */
export function problemType(code: ProblemCode): ProblemType {
  return problemTypes[code];
}
