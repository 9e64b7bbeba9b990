import { ConcurrentAppendError } from '@jobstream/eventlog';
import type { Delivery } from '@jobstream/eventlog';
import type { TracedSpan } from '@jobstream/runtime';
import { AttemptAbortedError } from '../handler/attemptAbortedError.ts';
import type { WorkerContext } from '../workerContext.ts';
import type { Answer } from './answer.ts';
import { give } from './answer.ts';
import type { Attempt } from './attempt.ts';
import { answerToCancelled, isCancelled } from './answerToCancelled.ts';
import { answerToEvent } from './answerToEvent.ts';
import { answerToFailure } from './answerToFailure.ts';
import { endIn, type AttemptEnd } from './attemptObserver.ts';
import { deliverySpan, endAttemptSpan } from './attemptSpan.ts';
import { claimJob } from './claimJob.ts';
import type { Outcome } from './outcome.ts';
import { parkRetry } from './parkRetry.ts';
import { recordOutcome } from './recordOutcome.ts';
import { runHandler } from './runHandler.ts';

/** One delivery from its arrival to its answer; tells whether it led to an attempt. Never rejects. */
export function answerDelivery(delivery: Delivery, context: WorkerContext): Promise<boolean> {
  if (delivery.deliveryCount > 1) context.observer.redelivered(delivery.jobType);
  const span = deliverySpan(delivery, context);
  return span.within(() => answerWithin(span, delivery, context));
}

async function answerWithin(span: TracedSpan, delivery: Delivery, context: WorkerContext): Promise<boolean> {
  context.cancelWatch.follow(delivery.jobId);
  try {
    const claim = await claimJob(delivery, context);
    const started = !('answer' in claim);
    give(started ? await observedAttempt(span, claim, context) : claim, delivery);
    return started;
  } catch (error) {
    give(await answerToFailure(error, delivery, context), delivery);
    return true;
  } finally {
    context.cancelWatch.unfollow(delivery.jobId);
  }
}

async function observedAttempt(span: TracedSpan, claim: Attempt, context: WorkerContext): Promise<Answer> {
  const tell = (end: AttemptEnd) => {
    context.observer.ended(claim.delivery.jobType, end);
    endAttemptSpan(span, claim, end);
  };
  try {
    const { answer, end } = await runAttempt(claim, context);
    tell(end);
    return answer;
  } catch (error) {
    tell(error instanceof ConcurrentAppendError ? 'overtaken' : 'unsettled');
    throw error;
  }
}

async function runAttempt(claim: Attempt, context: WorkerContext): Promise<{ answer: Answer; end: AttemptEnd }> {
  const slot = claim.delivery.takeSlot();
  const outcome = slot === true || (await slot) ? await runHandler(claim, context) : noSlot();
  claim.delivery.freeSlot(); // concurrency is about handlers; the outcome may take its time to the disk
  context.observer.ran(claim.delivery.jobType, outcome.durationMs);
  if (isCancelled(outcome)) return { answer: answerToCancelled(claim, outcome), end: 'cancelled' };
  const event = await recordOutcome(claim, outcome, context);
  if (event.event === 'JobRetryScheduled') await parkRetry(event, context);
  return { answer: answerToEvent(event), end: endIn(event) };
}

/** The claim is given up, which burns no attempt. */
function noSlot(): Outcome {
  return {
    kind: 'aborted',
    error: new AttemptAbortedError('shutdown', 'no slot to run in became free'),
    durationMs: 0,
  };
}
