import { Timestamp } from '@jobstream/domain';
import { Schema } from 'effect';
import { ActivityView } from './activityView.ts';

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0));
const byName = <const Value extends Schema.Top>(value: Value) => Schema.Record(Schema.String, value);

/** How many jobs there are, from the table. */
export const JobCounts = Schema.Struct({
  total: Count,
  byStatus: byName(Count),
  byType: byName(byName(Count)),
});

/** What waits of one job type, from the log. */
export const TypeWaiting = Schema.Struct({
  waiting: Count.annotateKey({ description: 'Jobs that could run.' }),
  inFlight: Count.annotateKey({ description: 'Jobs that workers hold.' }),
  oldestAt: Schema.optionalKey(Timestamp).annotateKey({ description: 'Since when the one waits that waits longest.' }),
  oldestAgeMs: Schema.optionalKey(Schema.Finite),
});

/** How far the table is behind the log. */
export const ProjectorLag = Schema.Struct({
  lastSequence: Count,
  updatedAt: Schema.NullOr(Timestamp),
  lagEvents: Schema.NullOr(Count),
  lagMs: Schema.NullOr(Schema.Finite),
});

/** The answer of `GET /api/stats`. */
export const StatsView = Schema.Struct({
  jobs: JobCounts,
  activity: Schema.optionalKey(ActivityView).annotateKey({ description: 'With `window` or `from`.' }),
  backlog: Schema.optionalKey(Schema.NullOr(byName(TypeWaiting))).annotateKey({
    description: 'By type; `null` while the log is away. Not for callers with a tenant.',
  }),
  projector: Schema.optionalKey(Schema.NullOr(ProjectorLag)).annotateKey({
    description: 'Not for callers with a tenant.',
  }),
}).annotate({ identifier: 'Stats' });
