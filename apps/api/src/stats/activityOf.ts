import { JobType, Timestamp } from '@jobstream/domain';
import { type Buckets, type PeriodCounts, quantileOf, type StatisticsPage } from '@jobstream/readmodel';
import * as Schema from 'effect/Schema';
import type { StatsSpan } from './statsQuery.ts';

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0));

const Milliseconds = Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0));

const counts = { created: Count, completed: Count, failed: Count, retried: Count };

/** Percentiles of durations. */
const Durations = Schema.Struct({ p50: Milliseconds, p90: Milliseconds, p95: Milliseconds, p99: Milliseconds });

const TypeActivity = Schema.Struct({
  ...counts,
  runTimeMs: Schema.optionalKey(Durations).annotateKey({
    description: 'Of the last attempts of completed and failed jobs.',
  }),
  waitTimeMs: Schema.optionalKey(Durations).annotateKey({
    description: 'From the time a job was due until an attempt started.',
  }),
});

/** The activity in a period. */
export const ActivityView = Schema.Struct({
  from: Timestamp,
  to: Timestamp.annotateKey({ description: 'Exclusive.' }),
  resolution: Schema.Literals(['minute', 'hour', 'day']),
  total: TypeActivity,
  byType: Schema.Record(JobType, TypeActivity),
  series: Schema.Array(Schema.Struct({ at: Timestamp, ...counts })).annotateKey({
    description: 'One entry per minute, hour or day; empty ones are left out.',
  }),
  incompleteBefore: Schema.optionalKey(Timestamp).annotateKey({
    description:
      'Only if the period begins earlier: events before this time may be missing, until the table is rebuilt.',
  }),
}).annotate({ identifier: 'Activity' });

type Activity = typeof ActivityView.Type;
type TypeActivity = Activity['total'];
type Counts = Pick<TypeActivity, 'created' | 'completed' | 'failed' | 'retried'>;

const NAMES = ['created', 'completed', 'failed', 'retried'] as const;

/** Makes the view of the activity in a span from the rows of the read model. */
export function activityOf(span: StatsSpan, { periods, durations, incompleteBefore }: StatisticsPage): Activity {
  const byType = Object.fromEntries(
    durationsOfTypes(periods, durations).map(({ type, runTimes, waitTimes }) => [
      type,
      { ...sumOf(periods.filter((period) => period.type === type)), ...quantiles(runTimes, waitTimes) },
    ]),
  );
  const [runTimes, waitTimes] = [
    merged(durations.map((one) => one.runTimes)),
    merged(durations.map((one) => one.waitTimes)),
  ];
  const total = { ...sumOf(periods), ...quantiles(runTimes, waitTimes) };
  const starts = Map.groupBy(periods, ({ startsAt }) => startsAt);
  const series = [...starts].map(([at, rows]) => Object.assign(sumOf(rows), { at }));
  const activity = { from: span.from, to: span.to, resolution: span.resolution, total, byType, series };
  const isIncomplete = incompleteBefore !== undefined && Date.parse(span.from) < Date.parse(incompleteBefore);
  return isIncomplete ? { ...activity, incompleteBefore } : activity;
}

/** Returns the durations of each type with counts or durations. */
function durationsOfTypes(periods: readonly PeriodCounts[], durations: StatisticsPage['durations']) {
  const types = [...new Set([...periods, ...durations].map(({ type }) => type))].toSorted();
  const none = { runTimes: {}, waitTimes: {} };
  return types.map((type) => durations.find((one) => one.type === type) ?? Object.assign({ type }, none));
}

function sumOf(periods: readonly Counts[]): Counts {
  const sum = { created: 0, completed: 0, failed: 0, retried: 0 };
  for (const period of periods) for (const name of NAMES) sum[name] += period[name];
  return sum;
}

function merged(histograms: readonly Buckets[]): Buckets {
  const sum: Record<string, number> = {};
  for (const histogram of histograms) {
    for (const [bucket, count] of Object.entries(histogram)) sum[bucket] = (sum[bucket] ?? 0) + count;
  }
  return sum;
}

function quantiles(runTimes: Buckets, waitTimes: Buckets): Pick<TypeActivity, 'runTimeMs' | 'waitTimeMs'> {
  const [runTimeMs, waitTimeMs] = [durationsOf(runTimes), durationsOf(waitTimes)];
  return { ...(runTimeMs && { runTimeMs }), ...(waitTimeMs && { waitTimeMs }) };
}

function durationsOf(buckets: Buckets): TypeActivity['runTimeMs'] {
  const at = (share: number) => Math.round((quantileOf(buckets, share) ?? 0) * 10) / 10;
  if (Object.keys(buckets).length === 0) return undefined;
  return { p50: at(0.5), p90: at(0.9), p95: at(0.95), p99: at(0.99) };
}
