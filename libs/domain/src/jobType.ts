import { Schema } from 'effect';

/** The kind of work, e.g. `email`: a NATS subject token of 1 to 63 lower-case letters, digits and dashes, letter first. */
export const JobType = Schema.String.check(
  Schema.isPattern(/^[a-z][a-z0-9-]{0,62}$/u, {
    expected: 'a job type: 1 to 63 lower-case letters, digits and dashes, starting with a letter',
  }),
);
export type JobType = typeof JobType.Type;
