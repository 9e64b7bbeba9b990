import type { JobFilter, JobStatus } from '@jobstream/client';
import { statuses } from '../parts/status.tsx';

/** The filters of the list of jobs, as they stand in the address. */
export type JobSearch = Pick<JobFilter, 'status' | 'type' | 'tag'>;

/** Reads the filters of an address, and leaves out what is none. */
export function readJobSearch({ status, type, tag }: Readonly<Record<string, unknown>>): JobSearch {
  return {
    ...(isStatus(status) ? { status } : {}),
    ...(isText(type) ? { type } : {}),
    ...(isText(tag) ? { tag } : {}),
  };
}

function isStatus(value: unknown): value is JobStatus {
  return statuses.some((status) => status === value);
}

/** The router reads `?tag=42` as a number. */
function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
