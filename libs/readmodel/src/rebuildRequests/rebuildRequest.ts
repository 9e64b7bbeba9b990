import type { Difference } from '../rebuild/difference.ts';

/** `differs`: the tables were compared, differed and were not swapped. */
export type RebuildStatus = 'requested' | 'running' | 'completed' | 'differs' | 'failed' | 'cancelled';

/** How far the rebuild is: events, indexes or rows, as the step says. */
export interface RebuildProgress {
  readonly step: string;
  readonly done: number;
  readonly total: number;
}

/** A rebuild that was asked for, and what came of it; times are RFC 3339. */
export interface RebuildRequest {
  readonly id: string;
  readonly status: RebuildStatus;
  readonly force: boolean;
  /** Columns of `jobs` that may differ. */
  readonly except: readonly string[];
  readonly cancelRequested: boolean;
  readonly progress: RebuildProgress | null;
  readonly result: RebuildResult | null;
  readonly requestedAt: string;
  readonly startedAt: string | null;
  readonly updatedAt: string;
  readonly finishedAt: string | null;
}

export interface RebuildResult {
  /** Where in the log the tables were compared and swapped. */
  readonly position?: number;
  readonly jobs?: number;
  /** The first that were found. */
  readonly differences?: readonly Difference[];
  /** Why it failed. */
  readonly reason?: string;
}
