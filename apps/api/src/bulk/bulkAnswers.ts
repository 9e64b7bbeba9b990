import { Schema } from 'effect';

const tally = {
  matched: Schema.Int.annotateKey({ description: 'Jobs worked on: those changed, skipped and failed together.' }),
  changed: Schema.Int,
  skipped: Schema.Int.annotateKey({
    description: 'The state of the job forbids the change: it has moved on since the table was written.',
  }),
  failed: Schema.Int,
  stopped: Schema.optionalKey(Schema.String).annotateKey({
    description: 'Why it ended before all jobs were worked on.',
  }),
};

/** How far a bulk change has come. */
export const BulkTally = Schema.Struct(tally).annotate({ identifier: 'BulkTally' });
export type BulkTally = typeof BulkTally.Type;

/** The answer to a dry run. */
export const BulkCount = Schema.Struct({ dryRun: Schema.Literal(true), matched: Schema.Int }).annotate({
  identifier: 'BulkCount',
});

/** A line of the answer in NDJSON. `total` is how many jobs matched at the beginning. */
export const BulkLine = Schema.Struct({ done: Schema.Boolean, total: Schema.Int, ...tally }).annotate({
  identifier: 'BulkLine',
});
