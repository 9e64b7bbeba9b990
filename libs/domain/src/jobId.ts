import { Schema } from 'effect';

/** A lower-case UUID of any version: version 7 for new jobs, version 8 for those derived from an idempotency key. */
export const JobId = Schema.String.check(
  Schema.isPattern(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/, {
    expected: 'a lower-case UUID',
  }),
);
export type JobId = typeof JobId.Type;
