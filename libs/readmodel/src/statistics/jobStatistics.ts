import type { Job, JobEvent, JobEventName, JobEventOf, JobState } from '@jobstream/domain';
import { arrayLiteral } from '../postgres/bulkStatement.ts';
import type { BulkStatement } from '../postgres/bulkStatement.ts';
import { bucketOf } from './durationBuckets.ts';
import { isRetained, resolutions, startOfPeriod } from './statisticsPeriod.ts';
import type { Resolution } from './statisticsPeriod.ts';

const COUNTED = ['created', 'completed', 'failed', 'retried'] as const;
type Counted = (typeof COUNTED)[number];

const COUNTED_AS: Readonly<Record<JobEventName, Counted | undefined>> = {
  JobCreated: 'created',
  JobCreatedWithPriority: 'created',
  JobStarted: undefined,
  JobProgressed: undefined,
  JobStepsRecorded: undefined,
  JobSuspended: undefined,
  JobResumed: undefined,
  JobCompleted: 'completed',
  JobRetryScheduled: 'retried',
  JobFailed: 'failed',
  JobCancelled: undefined,
  JobRequeued: undefined,
  JobRequeuedWithPriority: undefined,
  JobPriorityChanged: undefined,
  JobDueNow: undefined,
  JobPayloadChanged: undefined,
  JobRevised: undefined,
  JobSignalled: undefined,
  JobReleased: undefined,
  JobCarried: undefined,
  JobCarriedWithSteps: undefined,
  JobCarriedWaiting: undefined,
};

interface Period extends Record<Counted, number> {
  /** Empty for none. */
  readonly tenant: string;
  readonly type: string;
  readonly resolution: Resolution;
  readonly start: string;
  readonly runTimes: Map<number, number>;
  readonly waitTimes: Map<number, number>;
}

const merged = (
  histogram: string,
) => `${histogram} = CASE WHEN excluded.${histogram} = '{}' THEN s.${histogram} ELSE coalesce((
    SELECT jsonb_object_agg(bucket, count) FROM (
      SELECT bucket, sum(count::bigint) AS count FROM (
        SELECT * FROM jsonb_each_text(s.${histogram}) UNION ALL SELECT * FROM jsonb_each_text(excluded.${histogram})
      ) AS each(bucket, count) GROUP BY bucket HAVING sum(count::bigint) <> 0) AS total), '{}') END`;

const ADD_TO_STATISTICS = {
  name: 'add_to_statistics',
  text: `INSERT INTO job_statistics AS s
      (tenant, type, resolution, starts_at, created, completed, failed, retried, run_times, wait_times)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[],
      $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::jsonb[], $10::jsonb[])
    ON CONFLICT (resolution, starts_at, type, tenant) DO UPDATE SET
      ${COUNTED.map((name) => `${name} = s.${name} + excluded.${name}`).join(', ')},
      ${merged('run_times')}, ${merged('wait_times')}`,
};

/**
 * Counts what events do to jobs, by type and by minute, hour and day in which they happened. Depends on nothing but the
 * events: whatever the batches, and in a rebuild, the sums are the same.
 */
export class JobStatistics {
  readonly #minutes = new Map<string, Period>();
  /** That of the event before: most events of a batch are of the same minute, type and tenant. */
  #last: Period | undefined;

  /**
   * To be called for each event that changed its job, with the job before it.
   *
   * @param by -1 takes back an event that was counted before.
   */
  count(before: JobState, event: JobEvent, by = 1): void {
    const counted = COUNTED_AS[event.event];
    if (counted !== undefined) this.#minuteOf(event)[counted] += by;
    if (event.event === 'JobCompleted' || event.event === 'JobFailed') this.#countRun(event, by);
    if (event.event === 'JobStarted' && before !== undefined) this.#countWait(before, event, by);
  }

  /** Adds all of it to the rows; none when nothing was counted. What is too old to be kept is left out. */
  statements(now: number): BulkStatement[] {
    const periods = [...this.#minutes.values()].filter(isCounted);
    const rows = resolutions.flatMap((resolution) => rolledUp(periods, resolution, now));
    if (rows.length === 0) return [];
    const columns = [
      rows.map(({ tenant }) => tenant),
      rows.map(({ type }) => type),
      rows.map(({ resolution }) => resolution),
      rows.map(({ start }) => start),
      ...COUNTED.map((name) => rows.map((row) => row[name])),
      rows.map(({ runTimes }) => jsonOf(runTimes)),
      rows.map(({ waitTimes }) => jsonOf(waitTimes)),
    ];
    return [{ ...ADD_TO_STATISTICS, values: columns.map(arrayLiteral), rows: undefined }];
  }

  /** Of the attempt that ended the job; those that were retried are not counted. */
  #countRun(event: JobEventOf<'JobCompleted' | 'JobFailed'>, by: number): void {
    const { durationMs } = event.data;
    if (durationMs !== undefined) add(this.#minuteOf(event).runTimes, bucketOf(durationMs), by);
  }

  /** From the moment at which the job was due; the clocks of two machines may disagree a little. */
  #countWait(before: Job, event: JobEvent, by: number): void {
    const dueAt = dueTime(before);
    if (dueAt === undefined) return;
    const ms = Math.max(0, Date.parse(event.at) - Date.parse(dueAt));
    add(this.#minuteOf(event).waitTimes, bucketOf(ms), by);
  }

  #minuteOf({ tenant = '', jobType, at }: JobEvent): Period {
    const start = startOfPeriod(at, 'minute');
    const last = this.#last;
    if (last?.start === start && last.type === jobType && last.tenant === tenant) return last;
    const key = `${start} ${jobType} ${tenant}`;
    const minute = this.#minutes.get(key) ?? newPeriod({ tenant, type: jobType, resolution: 'minute', start });
    this.#minutes.set(key, minute);
    this.#last = minute;
    return minute;
  }
}

/** A worker that takes over from one that is gone does not end a wait. */
function dueTime({ status, runAt, updatedAt }: Job): string | undefined {
  if (status === 'pending') return updatedAt;
  return status === 'scheduled' || status === 'retrying' ? runAt : undefined;
}

function newPeriod(of: Pick<Period, 'tenant' | 'type' | 'resolution' | 'start'>): Period {
  return { ...of, created: 0, completed: 0, failed: 0, retried: 0, runTimes: new Map(), waitTimes: new Map() };
}

function rolledUp(minutes: readonly Period[], resolution: Resolution, now: number): Period[] {
  const periods = new Map<string, Period>();
  for (const minute of minutes) {
    const { tenant, type } = minute;
    const start = startOfPeriod(minute.start, resolution);
    const key = `${start} ${type} ${tenant}`;
    const period = periods.get(key) ?? newPeriod({ tenant, type, resolution, start });
    periods.set(key, period);
    for (const name of COUNTED) period[name] += minute[name];
    for (const [bucket, count] of minute.runTimes) add(period.runTimes, bucket, count);
    for (const [bucket, count] of minute.waitTimes) add(period.waitTimes, bucket, count);
  }
  return [...periods.values()].filter(({ start }) => isRetained(start, resolution, now));
}

function add(histogram: Map<number, number>, bucket: number, count: number): void {
  histogram.set(bucket, (histogram.get(bucket) ?? 0) + count);
}

function jsonOf(histogram: ReadonlyMap<number, number>): string {
  return JSON.stringify(Object.fromEntries([...histogram].filter(([, count]) => count !== 0)));
}

/** False where everything that was counted was taken back. */
function isCounted({ runTimes, waitTimes, ...counts }: Period): boolean {
  if (COUNTED.some((name) => counts[name] !== 0)) return true;
  return [...runTimes.values(), ...waitTimes.values()].some((count) => count !== 0);
}
