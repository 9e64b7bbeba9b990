import { JobType, Timestamp } from '@jobstream/domain';
import { Schema } from 'effect';

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0));
const Milliseconds = Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0));

const counts = { created: Count, completed: Count, failed: Count, retried: Count };

/** How long something took: so much at most, for such a share of all. */
const Durations = Schema.Struct({ p50: Milliseconds, p90: Milliseconds, p95: Milliseconds, p99: Milliseconds });

const TypeActivity = Schema.Struct({
  ...counts,
  runTimeMs: Schema.optionalKey(Durations).annotateKey({ description: 'Of attempts that completed.' }),
  waitTimeMs: Schema.optionalKey(Durations).annotateKey({
    description: 'From when a job was due until an attempt started.',
  }),
});

/** What happened in a span of time. */
export const ActivityView = Schema.Struct({
  from: Timestamp,
  to: Timestamp.annotateKey({ description: 'Exclusive.' }),
  resolution: Schema.Literals(['minute', 'hour', 'day']),
  total: TypeActivity,
  byType: Schema.Record(JobType, TypeActivity),
  series: Schema.Array(Schema.Struct({ at: Timestamp, ...counts })).annotateKey({
    description: 'Minute by minute, hour by hour or day by day; those in which nothing happened are left out.',
  }),
}).annotate({ identifier: 'Activity' });
