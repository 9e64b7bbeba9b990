import type { Job } from './job.ts';

/** Says by what a job is unique and until when, e.g. `by payload.userId, until it has ended`; undefined for one that is not. */
export function explainUnique({ unique, createdAt }: Pick<Job, 'unique' | 'createdAt'>): string | undefined {
  if (unique === undefined) return undefined;
  const { by, while: state, forMs = 0 } = unique;
  const end = new Date(Date.parse(createdAt) + forMs).toISOString();
  const until = { unfinished: 'it has ended', waiting: 'its first start', time: end }[state ?? 'time'];
  return `by ${by.join(', ')}, until ${until}`;
}
