import type { JobStatus } from './job.ts';

/** Which jobs: those of which all of this is true. Times are RFC 3339. */
export interface JobFilter {
  readonly type?: string;
  readonly status?: JobStatus;
  readonly tag?: string;
  readonly createdAfter?: string;
  readonly createdBefore?: string;
}

/** Which jobs a bulk change means: those of a filter, which must not be empty, or all. */
export type JobSelection = JobFilter | { readonly all: true };
