import { countOf } from '@jobstream/runtime';
import type { Difference, UnreadableJobs } from '@jobstream/readmodel';

const OWNERS = {
  jobs: 'job',
  job_search: 'search values of job',
  job_steps: 'steps of job',
  job_counts: 'count of',
  job_statistics: 'statistics of',
  quarantined_messages: 'message in quarantine',
  past_jobs: 'past states of job',
  past_changes: 'past change at sequence',
  past_counts: 'past count of chunk',
} as const;

/** One line about a difference: where it is, the value in the table and the value by the log. */
export function describeDifference({ table, key, problem, field, live, log }: Difference): string {
  const owner = `${OWNERS[table]} ${key}`;
  if (problem === 'missing') return `${owner}: is missing in the table`;
  if (problem === 'extra') return `${owner}: is in the table, but not in the log`;
  return `${owner}: ${field} is ${live ?? 'NULL'}, but ${log ?? 'NULL'} by the log`;
}

/** A line for each of the first jobs with events that only a newer release can read, and one about all of them. */
export function describeUnreadable({ total, first }: UnreadableJobs): readonly string[] {
  if (total === 0) return [];
  const lines = first.map(({ id, events, hasRow }) => {
    const unlisted = hasRow ? '' : ', also its creation: it is not in the table';
    return `job ${id}: ${events} of its events can only be read by a newer release${unlisted}`;
  });
  return [
    ...lines,
    `${countOf(total, 'job')} ${total === 1 ? 'is' : 'are'} compared as far as this release can read ${total === 1 ? 'it' : 'them'}.`,
  ];
}
