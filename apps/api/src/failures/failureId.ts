import * as Schema from 'effect/Schema';

/** The name of a group of failures, of words and a digest; or its digest alone, as earlier releases named it. */
export const FailureId = Schema.String.check(
  Schema.isPattern(/^(?:[a-z0-9]{1,48}-){0,24}[0-9a-f]{16}$/u, { expected: 'the id of a group of failures' }),
);
