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
} as const;

export type RequestHeader = keyof typeof requestHeaders;
