import { Schema } from 'effect';

/** The name of a schedule: a NATS subject token of 1 to 63 lower-case letters, digits and dashes, no dash first. */
export const ScheduleName = Schema.String.check(
  Schema.isPattern(/^[a-z0-9][a-z0-9-]{0,62}$/u, {
    expected: 'a schedule name: 1 to 63 lower-case letters, digits and dashes, not starting with a dash',
  }),
);
export type ScheduleName = typeof ScheduleName.Type;
