import { type JobEvent, nextLookAt, wakeAt } from '@jobstream/domain';
import { ConcurrentAppendError } from '@jobstream/eventlog';
import type { Delivery } from '@jobstream/eventlog';
import type { AttemptSpan } from './attemptTracing.ts';
import type { Attempt, Outcome } from './attempt.ts';
import type { AttemptContext, AttemptEnd } from './attemptContext.ts';
import { claimJob, readFreshState } from './claimJob.ts';
import { recordOutcome } from './recordOutcome.ts';
import { runHandler } from './runHandler.ts';
import { scheduleWake, timerFor } from './scheduleWake.ts';
import { settle, settlementAfterError } from './settlement.ts';
import type { Settlement } from './settlement.ts';

/** The end of an attempt by the event that its outcome became. */
const ENDS: Readonly<Record<JobEvent['event'], AttemptEnd>> = {
  JobCompleted: 'completed',
  JobRetryScheduled: 'retried',
  JobFailed: 'failed',
  JobSuspended: 'suspended',
  JobReleased: 'released',
  JobCancelled: 'cancelled',
  // No outcome becomes one of these.
  JobCreated: 'unsettled',
  JobCreatedWithPriority: 'unsettled',
  JobRequeuedWithPriority: 'unsettled',
  JobPriorityChanged: 'unsettled',
  JobStarted: 'unsettled',
  JobResumed: 'unsettled',
  JobProgressed: 'unsettled',
  JobStepsRecorded: 'unsettled',
  JobRequeued: 'unsettled',
  JobDueNow: 'unsettled',
  JobPayloadChanged: 'unsettled',
  JobRevised: 'unsettled',
  JobSignalled: 'unsettled',
  JobCarried: 'unsettled',
  JobCarriedWithSteps: 'unsettled',
  JobCarriedWaiting: 'unsettled',
};
type SuspendedEvent = Extract<JobEvent, { readonly event: 'JobSuspended' }>;
const FAILURES: ReadonlySet<AttemptEnd> = new Set(['retried', 'failed', 'overtaken', 'unsettled']);

/**
 * Processes one delivery from its arrival to its settlement: claims the job, runs the handler, records the outcome and
 * settles the message. Returns whether it led to an attempt. Never rejects.
 */
export function processDelivery(delivery: Delivery, context: AttemptContext): Promise<boolean> {
  if (delivery.deliveryCount > 1) context.observer.redelivered(delivery.jobType);
  const span = startSpan(delivery, context);
  return span.within(() => processWithin(span, delivery, context));
}

async function processWithin(span: AttemptSpan, delivery: Delivery, context: AttemptContext): Promise<boolean> {
  context.cancelWatch.follow(delivery.jobId);
  try {
    const claim = await claimJob(delivery, context);
    const isAttempt = !('kind' in claim);
    settle(delivery, isAttempt ? await runAttempt(span, claim, context) : claim);
    return isAttempt;
  } catch (error) {
    settle(delivery, await settlementAfterError(error, delivery, context));
    return true;
  } finally {
    context.cancelWatch.unfollow(delivery.jobId);
  }
}

async function runAttempt(span: AttemptSpan, attempt: Attempt, context: AttemptContext): Promise<Settlement> {
  let end: AttemptEnd = 'unsettled';
  try {
    const slot = attempt.delivery.acquireSlot();
    const outcome = slot === true || (await slot) ? await runHandler(attempt, context) : noSlot();
    leaveSlot(attempt, outcome, context);
    if (isCancelled(outcome)) {
      end = 'cancelled';
      return settleCancelled(attempt, outcome);
    }
    // Before the event, so that no job waits without a timer, whatever becomes of this worker.
    if (outcome.kind === 'suspended') await setTimer(nextLookAt(outcome.until, context.clock.now()), attempt, context);
    const event = await recordOutcome(attempt, outcome, context);
    // Should the worker die before the timer is set, the redelivered message does it: see decideRedelivery.
    if (event.event === 'JobRetryScheduled') await setTimer(event.data.retryAt, attempt, context);
    if (event.event === 'JobSuspended') await resetTimer(event, attempt, context);
    end = ENDS[event.event];
    if (event.event !== 'JobReleased') return { kind: 'ack' };
    // The message may be gone: the log has lost it, or another worker to which it was delivered as well has acknowledged it.
    await setTimer(context.clock.now(), attempt, context);
    return { kind: 'nak' };
  } catch (error) {
    if (error instanceof ConcurrentAppendError) end = 'overtaken';
    throw error;
  } finally {
    context.observer.ended(attempt.delivery.jobType, end);
    endSpan(span, attempt, end);
  }
}

function setTimer(at: string, { chain: { job } }: Attempt, context: AttemptContext): Promise<void> {
  return scheduleWake(at, { jobId: job.id, jobType: job.type, priority: job.priority }, context);
}

/**
 * Sets the timer of a job that waits once more: whoever has watched the run may have replaced it since. A signal that came first makes the
 * job due now.
 */
async function resetTimer({ data }: SuspendedEvent, attempt: Attempt, context: AttemptContext): Promise<void> {
  const { runAt = data.until } = attempt.chain.job;
  await setTimer(nextLookAt(runAt, context.clock.now()), attempt, context);
  if (data.signals !== undefined) await lookAgain(attempt, context);
}

/**
 * Looks whether a signal has called for the job since it waits: then the timer may have replaced that of its next wait, and is set again for
 * the state in which the job is now.
 */
async function lookAgain({ delivery, chain }: Attempt, context: AttemptContext): Promise<void> {
  for (let known = chain.sequence; ;) {
    const found = await readFreshState(delivery, context);
    if (found === undefined || found.sequence <= known || found.job.unreadableEvents !== undefined) return;
    const timer = timerFor(found.job);
    if (timer === undefined) return;
    const { id: jobId, type: jobType, priority } = found.job;
    await scheduleWake(wakeAt(timer.at, timer, context.clock.now()), { jobId, jobType, priority }, context);
    known = found.sequence;
  }
}

/** Concurrency is about handlers; the outcome may take its time to the disk. */
function leaveSlot({ delivery }: Attempt, { durationMs }: Outcome, { observer }: AttemptContext): void {
  delivery.releaseSlot();
  observer.ran(delivery.jobType, durationMs);
}

/** The claim is given up, which burns no attempt. */
function noSlot(): Outcome {
  return { kind: 'unstarted', reason: 'no slot to run in became free', durationMs: 0 };
}

function isCancelled(outcome: Outcome): boolean {
  return outcome.kind === 'aborted' && outcome.error.kind === 'cancelled';
}

/** Nothing is appended: the job has its outcome. Should it be requeued, that is another message. */
function settleCancelled({ logger }: Attempt, { durationMs }: Outcome): Settlement {
  logger.info({ durationMs }, 'cancelled: the handler was stopped, its outcome is discarded');
  return { kind: 'ack' };
}

/** The span of what a delivery leads to; linked to its cause, which does not wait for it. Never ended without an attempt. */
function startSpan({ jobId, jobType, traceparent }: Delivery, { tracing }: AttemptContext): AttemptSpan {
  const attributes = { 'jobstream.job.id': jobId, 'jobstream.job.type': jobType };
  return tracing.span({ name: `attempt ${jobType}`, kind: 'consumer', links: [traceparent], attributes });
}

function endSpan(span: AttemptSpan, { number }: Attempt, end: AttemptEnd): void {
  const attributes = { 'jobstream.attempt.number': number, 'jobstream.attempt.outcome': end };
  span.end({ attributes, failure: FAILURES.has(end) ? end : undefined });
}
