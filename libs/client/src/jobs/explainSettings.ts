import type { Job } from './job.ts';

/**
 * Says in a sentence which settings of a job the definition of its type gave, and who has announced it; undefined where its creator
 * said everything, or nobody did.
 */
export function explainSettings(job: Pick<Job, 'byDefinition' | 'maxAttempts' | 'backoff' | 'timeoutMs'>) {
  if (job.byDefinition === undefined) return undefined;
  const { settings, worker } = job.byDefinition;
  const values = settings.map((name) => `${name} ${JSON.stringify(job[name])}`);
  return `${values.join(', ')}, as ${worker} has announced`;
}
