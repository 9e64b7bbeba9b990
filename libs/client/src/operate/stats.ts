import type { JobStatus } from '../jobs/job.ts';
import type { CallOptions } from '../transport/transport.ts';

type Counts = Readonly<Partial<Record<JobStatus, number>>>;

/** The moment of an answer about the past. */
export interface PastMoment {
  /** The last event that is in the answer. */
  readonly sequence: number;
  /** RFC 3339: how far back `asOf` reaches at present. */
  readonly earliest: string;
}

/** A time range: its last part until now, or its ends; or a past moment. And a type, if only its jobs count. */
export interface StatsOptions extends CallOptions {
  /** Minutes, hours or days: `15m`, `24h`, `30d`. */
  readonly window?: string;
  /** RFC 3339, instead of `window`. */
  readonly from?: string;
  /** RFC 3339; default: now. */
  readonly to?: string;
  /** Counts the jobs that there were at a time (RFC 3339), or after the event with this sequence; not with a time range. */
  readonly asOf?: string | number;
  /** Of the jobs of this type alone. */
  readonly type?: string;
}

/** Counts of jobs, and the backlog. Callers with a tenant get neither `backlog` nor `projector`. */
export interface Stats {
  readonly jobs: {
    readonly total: number;
    readonly byStatus: Counts;
    readonly byType: Readonly<Record<string, Counts>>;
  };
  /** What happened in the time range, if one was asked for. */
  readonly activity?: Activity;
  /** By job type; null while the log is unavailable. */
  readonly backlog?: Readonly<Record<string, TypeBacklog>> | null;
  /** How far the table is behind the log. */
  readonly projector?: {
    readonly lastSequence: number;
    readonly updatedAt: string | null;
    readonly lagEvents: number | null;
    readonly lagMs: number | null;
  };
  /** RFC 3339: how far back `asOf` reaches; null where past states are not kept, or not yet. Not with `asOf`. */
  readonly pastFrom?: string | null;
  /** With `asOf`: the moment of the counts, which are all that the answer has. */
  readonly asOf?: PastMoment;
}

export interface TypeBacklog {
  readonly waiting: number;
  readonly inFlight: number;
  /** Living workers that have announced the type. */
  readonly workers: number;
  /** Since when the oldest pending job waits. */
  readonly oldestAt?: string;
  readonly oldestAgeMs?: number;
}

/** What happened in a time range, which is extended to whole minutes, hours or days. */
export interface Activity {
  readonly from: string;
  readonly to: string;
  readonly resolution: 'minute' | 'hour' | 'day';
  readonly total: TypeActivity;
  readonly byType: Readonly<Record<string, TypeActivity>>;
  /** One entry for each minute, hour or day in which something happened. */
  readonly series: readonly (ActivityCounts & { readonly at: string })[];
  /** Events before this time may be missing. */
  readonly incompleteBefore?: string;
}

interface ActivityCounts {
  readonly created: number;
  readonly completed: number;
  readonly failed: number;
  readonly retried: number;
}

export interface TypeActivity extends ActivityCounts {
  /** Of the attempts that ended a job. */
  readonly runTimeMs?: Durations;
  /** From when a job was due until an attempt started. */
  readonly waitTimeMs?: Durations;
}

/** Percentiles in milliseconds. */
export interface Durations {
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
}
