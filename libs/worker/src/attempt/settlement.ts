import { type Job, waitsForTimer, wakeAt } from '@jobstream/domain';
import { ConcurrentAppendError } from '@jobstream/eventlog';
import type { Delivery } from '@jobstream/eventlog';
import type { AttemptContext } from './attemptContext.ts';
import { scheduleWake } from './scheduleWake.ts';
import { isUnavailable } from './chain/retryUntilAvailable.ts';

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

/** The timer of a job that waits for one is set: whoever left it to the timer may have died before it was. */
async function settlementWhenOvertaken(delivery: Delivery, context: AttemptContext): Promise<Settlement> {
  const { jobId, jobType } = delivery;
  const snapshot = await context.eventLog.readJob(jobId, jobType).catch(() => 'unknown' as const);
  if (snapshot === 'unknown') return { kind: 'leave' };
  if (snapshot === undefined) return { kind: 'ack' };
  const { status, runAt } = snapshot.job;
  if (isWithAnother(snapshot.job)) return { kind: 'leave' };
  if (runAt === undefined || !waitsForTimer(status)) return { kind: 'ack' };
  const wake = scheduleWake(wakeAt(runAt, { status }, context.clock.now()), delivery, context);
  // It fails when the worker closes while the log is unavailable: the message comes again, and its next holder sets the timer.
  return wake.then<Settlement, Settlement>(
    () => ({ kind: 'ack' }),
    () => ({ kind: 'leave' }),
  );
}

/**
 * Whether another worker may have got the same message and run the job now, or have handed the message back to be delivered
 * again. An acknowledgement from this one would take it away from there: the death of that worker would go unnoticed, or the
 * released job would wait for ever.
 */
function isWithAnother({ status }: Job): boolean {
  return status === 'processing' || status === 'pending';
}
