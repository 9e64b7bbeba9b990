import { ConcurrentAppendError } from '@jobstream/eventlog';
import type { Delivery } from '@jobstream/eventlog';
import type { AttemptContext } from './attemptContext.ts';
import { scheduleWake } from './scheduleWake.ts';
import { startingDelivery } from './startCause.ts';
import { isUnavailable } from './retryUntilAvailable.ts';

/**
 * How a delivery is settled. `ack`: nothing is left to do. `nak`: it is redelivered, at once or after `delayMs`.
 * `leave`: not at all, because another worker may have the message by now, and an acknowledgement would take it from
 * there. If no worker has it, the server redelivers it after the ack wait.
 */
export type Settlement =
  { readonly kind: 'ack' } | { readonly kind: 'nak'; readonly delayMs?: number } | { readonly kind: 'leave' };

export function settle(delivery: Delivery, settlement: Settlement): void {
  if (settlement.kind === 'ack') delivery.ack();
  else if (settlement.kind === 'nak') delivery.nak(settlement.delayMs);
}

/** The settlement of a delivery whose attempt could not be brought to an end in the log. */
export async function settlementAfterError(
  error: unknown,
  delivery: Delivery,
  context: AttemptContext,
): Promise<Settlement> {
  const logger = context.logger.child({ jobId: delivery.jobId, jobType: delivery.jobType });
  if (error instanceof ConcurrentAppendError) {
    logger.warn('attempt overtaken: the job has moved on, the outcome is discarded');
    return settlementWhenOvertaken(delivery, context);
  }
  if (isUnavailable(error)) logger.warn({ err: error }, 'event log unavailable: the message will be redelivered');
  else logger.error({ err: error }, 'unexpected worker error: the message will be redelivered');
  return { kind: 'leave' };
}

/**
 * If the same message was delivered to another worker, which runs the job now, an acknowledgement from this one would
 * take it away from there, and the death of that worker would go unnoticed. The timer of a job that waits for one is set:
 * whoever left it to the timer may have died before it was.
 */
async function settlementWhenOvertaken(delivery: Delivery, context: AttemptContext): Promise<Settlement> {
  const { jobId, jobType, causationId } = delivery;
  const snapshot = await context.eventLog.readJob(jobId, jobType).catch(() => 'unknown' as const);
  if (snapshot === 'unknown') return { kind: 'leave' };
  const { status, runAt } = snapshot?.job ?? {};
  if (runAt !== undefined && (status === 'retrying' || status === 'scheduled')) {
    await scheduleWake(runAt, delivery, context);
  }
  if (snapshot?.job.status !== 'processing') return { kind: 'ack' };
  return { kind: startingDelivery(snapshot.job.startedBy, causationId) === undefined ? 'ack' : 'leave' };
}
