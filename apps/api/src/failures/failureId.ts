import * as Schema from 'effect/Schema';

/** The id of a group of failures. */
export const FailureId = Schema.String.check(
  Schema.isPattern(/^[0-9a-f]{16}$/u, { expected: 'the id of a group of failures' }),
);
