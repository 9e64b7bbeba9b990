import { ConcurrentAppendError } from '@jobstream/eventlog';
import type { Delivery } from '@jobstream/eventlog';
import type { WorkerContext } from '../workerContext.ts';
import type { Answer } from './answer.ts';
import { startingDelivery } from './startCause.ts';
import { isLogAway } from './untilAvailable.ts';

/** The answer to a delivery whose attempt could not be brought to an end in the log. */
export async function answerToFailure(error: unknown, delivery: Delivery, context: WorkerContext): Promise<Answer> {
  const logger = context.logger.child({ jobId: delivery.jobId, jobType: delivery.jobType });
  if (error instanceof ConcurrentAppendError) {
    logger.warn('overtaken: the job has moved on without this attempt, whose outcome is dropped');
    return answerToOvertaken(delivery, context);
  }
  if (isLogAway(error)) logger.warn({ err: error }, 'the log is away: the message will be delivered again');
  else logger.error({ err: error }, 'unexpected failure of the worker: the message will be delivered again');
  return { answer: 'leave' };
}

/**
 * When the same message was given to another worker, which runs the job now, an acknowledgement from us would take it
 * away from there, and nobody would notice that worker's death.
 */
async function answerToOvertaken(
  { jobId, jobType, causationId }: Delivery,
  { eventLog }: WorkerContext,
): Promise<Answer> {
  const snapshot = await eventLog.readJob(jobId, jobType).catch(() => 'unknown' as const);
  if (snapshot === 'unknown') return { answer: 'leave' };
  if (snapshot?.job.status !== 'processing') return { answer: 'ack' };
  return { answer: startingDelivery(snapshot.job.startedBy, causationId) === undefined ? 'ack' : 'leave' };
}
