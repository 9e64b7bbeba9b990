import type { JobStatus } from './job.ts';

type Counts = Readonly<Partial<Record<JobStatus, number>>>;

/** Counts of jobs, and the backlog. Callers with a tenant get neither `backlog` nor `projector`. */
export interface Stats {
  readonly jobs: {
    readonly total: number;
    readonly byStatus: Counts;
    readonly byType: Readonly<Record<string, Counts>>;
  };
  /** By job type; null while the log is unavailable. */
  readonly backlog?: Readonly<Record<string, TypeBacklog>> | null;
  /** How far the table is behind the log. */
  readonly projector?: {
    readonly lastSequence: number;
    readonly updatedAt: string | null;
    readonly lagEvents: number | null;
    readonly lagMs: number | null;
  };
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
