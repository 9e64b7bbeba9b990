import type { Delivery } from '@jobstream/eventlog';
import type { WorkerContext } from '../workerContext.ts';
import type { Attempt } from './attempt.ts';
import type { JobChain } from './jobChain.ts';

/** The attempt that the chain's last event, JobStarted, has begun. */
export function startedAttempt(chain: JobChain, delivery: Delivery, context: WorkerContext): Attempt {
  const { id: jobId, type: jobType, attempt } = chain.job;
  const handler = context.handlers.get(jobType);
  if (handler === undefined) throw new Error(`no handler is registered for the job type ${jobType}`);
  const logger = context.logger.child({ jobId, jobType, attempt });
  logger.debug('started');
  return { delivery, chain, handler, number: attempt, logger };
}
