import type { JobEvent } from '@jobstream/domain';

/** Where an event belongs; on another subject it is none. */
export function subjectOf({ event, jobType, jobId }: JobEvent): string {
  const token = event.slice('Job'.length).replaceAll(/(?<=[a-z])(?=[A-Z])/g, '-');
  return `jobs.${jobType}.${jobId}.${token.toLowerCase()}`;
}
