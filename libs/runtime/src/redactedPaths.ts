const SECRET = ['authorization', 'cookie', 'password', 'secret', 'token', 'payload'];

/**
 * What a log line must not show even if somebody hands it to the logger: fields of these names, by themselves and where
 * such things usually lie. No wildcards: with them, pino takes twenty times as long for every line (measured: 30 µs).
 */
export const redactedPaths: readonly string[] = [
  ...SECRET,
  'headers.authorization',
  'headers.cookie',
  'req.headers.authorization',
  'req.headers.cookie',
  'job.payload',
  'event.data',
];
