/** Headers of requests that mean something to an operation. */
export const requestHeaders = {
  'Idempotency-Key': {
    description:
      'A text of your choice. Repeated with the same body, the request is answered with what it made the first time, however late; with another body it is refused.',
    schema: { type: 'string', pattern: '^[\\x20-\\x7e]{1,255}$' },
    example: 'order-4711',
  },
  'If-Match': {
    description: 'Change only this version: the `ETag` of an earlier answer. Without it, any version will do.',
    schema: { type: 'string' },
    example: '"3"',
  },
  'If-None-Match': {
    description: 'The `ETag` of what you have: if that is the present version, the answer is 304 without a body.',
    schema: { type: 'string' },
    example: '"3"',
  },
  'Last-Event-ID': {
    description: 'Go on after the event with this `id`. Browsers send it by themselves when a stream was cut.',
    schema: { type: 'string', pattern: '^\\d{0,15}$' },
    example: '1042',
  },
} as const; /** Headers of answers. Those that are not `always` there depend on the request or on the settings. */
export const responseHeaders = {
  'X-Request-Id': {
    description: 'The id under which the request stands in logs and events: yours if you sent one.',
    always: true,
    schema: { type: 'string', minLength: 1, maxLength: 128 },
  },
  Location: {
    description: 'The address of what was created.',
    always: true,
    schema: { type: 'string', pattern: '^/api/' },
  },
  ETag: {
    description: 'The version, for `If-None-Match` and `If-Match`.',
    always: true,
    schema: { type: 'string', pattern: '^"[0-9]+"$' },
  },
  'Cache-Control': { description: 'Whether a cache may keep the answer.', always: true, schema: { type: 'string' } },
  Link: {
    description: 'The next page, with `rel="next"` (RFC 8288). The last page has none.',
    always: false,
    schema: { type: 'string', pattern: '^</api/.*>; rel="next"$' },
  },
  'Idempotent-Replayed': {
    description: 'Says that this is what an earlier request with the same `Idempotency-Key` made.',
    always: true,
    schema: { type: 'string', enum: ['true'] },
  },
  'Retry-After': {
    description: 'Seconds after which to try again.',
    always: true,
    schema: { type: 'string', pattern: '^[0-9]+$' },
  },
  'WWW-Authenticate': {
    description: 'What is missing, as RFC 6750 has it.',
    always: false,
    schema: { type: 'string', pattern: '^Bearer realm="jobstream"' },
  },
  RateLimit: {
    description:
      'What is left of the rate limit, and the seconds until it is whole again. Only where there is a limit.',
    always: false,
    schema: { type: 'string' },
  },
  'RateLimit-Policy': {
    description: 'The rate limit. Only where there is one.',
    always: false,
    schema: { type: 'string' },
  },
} as const;

export type ResponseHeader = keyof typeof responseHeaders;

export type RequestHeader = keyof typeof requestHeaders;
