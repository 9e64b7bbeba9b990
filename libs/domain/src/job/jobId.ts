import * as Schema from 'effect/Schema';

/** A lower-case UUID of any version: version 7 for new jobs, version 8 for those derived from an idempotency key. */
export const JobId = Schema.String.check(
  Schema.isPattern(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/u, {
    format: 'uuid',
    expected: 'a lower-case UUID',
  }),
);
export type JobId = typeof JobId.Type;

export const isJobId = Schema.is(JobId);

/** The UUID of version 7 (RFC 9562: time-ordered) of an instant in milliseconds since 1970; `random` is one of version 4. */
export function uuidV7(at: number, random: string): string {
  const time = at.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(15)}`;
}

/** The UUID of version 8 (RFC 9562: custom) with the first 122 free bits of a digest in hexadecimal digits. */
export function uuidV8(digest: string): JobId {
  const variant = ((Number.parseInt(digest.charAt(16), 16) & 0x3) | 0x8).toString(16);
  const digits = `${digest.slice(0, 12)}8${digest.slice(13, 16)}${variant}${digest.slice(17, 32)}`;
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** The kind of work, e.g. `email`: a NATS subject token of 1 to 63 lower-case letters, digits and dashes, letter first. */
export const JobType = Schema.String.check(
  Schema.isPattern(/^[a-z][a-z0-9-]{0,62}$/u, {
    expected: 'a job type: 1 to 63 lower-case letters, digits and dashes, starting with a letter',
  }),
);
export type JobType = typeof JobType.Type;

export const isJobType = Schema.is(JobType);
