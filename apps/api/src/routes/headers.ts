/** Request headers of operations. */
export const requestHeaders = {
  'Idempotency-Key': {
    description:
      'A text of your choice. A repeated request with the same key and body returns what the first one created, however late; with another body it is rejected.',
    schema: { type: 'string', pattern: '^[\\x20-\\x7e]{1,255}$' },
    example: 'order-4711',
  },
  'If-Match': {
    description: 'Change only this version: the `ETag` of an earlier response. Without it, any version is changed.',
    schema: { type: 'string' },
    example: '"3"',
  },
  'If-None-Match': {
    description: 'The `ETag` of an earlier response: if it is the current version, the response is 304 without a body.',
    schema: { type: 'string' },
    example: '"3"',
  },
  'Last-Event-ID': {
    description: 'Resume after the event with this `id`. Browsers send it when they reconnect.',
    schema: { type: 'string', pattern: '^\\d{0,15}$' },
    example: '1042',
  },
} as const;

/** Headers of answers. Those that are not `always` there depend on the request or on the settings. */
export const responseHeaders = {
  'X-Request-Id': {
    description: 'The id of the request in logs and events: the one from the request, or a new one.',
    always: true,
    schema: { type: 'string', minLength: 1, maxLength: 128 },
  },
  Location: {
    description: 'The address of the created resource.',
    always: true,
    schema: { type: 'string', pattern: '^/api/' },
  },
  ETag: {
    description: 'The version, for `If-None-Match` and `If-Match`.',
    always: true,
    schema: { type: 'string', pattern: '^"[0-9]+"$' },
  },
  'Cache-Control': { description: 'Whether a cache may store the response.', always: true, schema: { type: 'string' } },
  Link: {
    description: 'The next page, with `rel="next"` (RFC 8288). The last page has none.',
    always: false,
    schema: { type: 'string', pattern: '^</api/.*>; rel="next"$' },
  },
  'Jobstream-Position': {
    description:
      'A position of the log that has all that the request changed, for the parameter `minPosition`. Streamed answers have none.',
    always: false,
    schema: { type: 'string', pattern: '^[0-9]+$' },
  },
  'Jobstream-Table-Lag': {
    description:
      'Only when the table had not reached `minPosition` in time: the age in milliseconds of the oldest event that the answer lacks; 0 if it lacks none, since the position is of another log.',
    always: false,
    schema: { type: 'string', pattern: '^[0-9]+$' },
  },
  'Idempotent-Replayed': {
    description: 'The response describes what an earlier request with the same `Idempotency-Key` created.',
    always: false,
    schema: { type: 'string', enum: ['true'] },
  },
  'Retry-After': {
    description: 'Seconds after which to try again.',
    always: true,
    schema: { type: 'string', pattern: '^[0-9]+$' },
  },
  'WWW-Authenticate': {
    description: 'The challenge of RFC 6750.',
    always: false,
    schema: { type: 'string', pattern: '^Bearer realm="jobstream"' },
  },
  RateLimit: {
    description: 'The remaining quota and the seconds until it is reset. Only where a rate limit is configured.',
    always: false,
    schema: { type: 'string' },
  },
  'RateLimit-Policy': {
    description: 'The rate limit. Only where one is configured.',
    always: false,
    schema: { type: 'string' },
  },
} as const;

export type ResponseHeader = keyof typeof responseHeaders;

export type RequestHeader = keyof typeof requestHeaders;
