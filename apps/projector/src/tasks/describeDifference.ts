import type { Difference } from '@jobstream/readmodel';

const OWNERS = {
  jobs: 'job',
  job_counts: 'count of',
  job_statistics: 'statistics of',
  quarantined_messages: 'message in quarantine',
} as const;

/** One line about a difference: where it is, the value in the table and the value by the log. */
export function describeDifference({ table, key, problem, field, live, log }: Difference): string {
  const owner = `${OWNERS[table]} ${key}`;
  if (problem === 'missing') return `${owner}: is missing in the table`;
  if (problem === 'extra') return `${owner}: is in the table, but not in the log`;
  return `${owner}: ${field} is ${live ?? 'NULL'}, but ${log ?? 'NULL'} by the log`;
}
