import { ConcurrentAppendError } from '@jobstream/eventlog';
import type { Delivery } from '@jobstream/eventlog';
import type { TracedSpan } from '@jobstream/runtime';
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
  let end: AttemptEnd = 'unsettled';
  try {
    const outcome = await outcomeOf(claim, context);
    if (isCancelled(outcome)) {
      end = 'cancelled';
      return answerToCancelled(claim, outcome);
    }
    const event = await recordOutcome(claim, outcome, context);
    if (event.event === 'JobRetryScheduled') await parkRetry(event, context);
    end = endIn(event);
    return answerToEvent(event);
  } catch (error) {
    if (error instanceof ConcurrentAppendError) end = 'overtaken';
    throw error;
  } finally {
    context.observer.ended(claim.delivery.jobType, end);
    endAttemptSpan(span, claim, end);
  }
}

async function outcomeOf(claim: Attempt, context: WorkerContext): Promise<Outcome> {
  const { delivery } = claim;
  const slot = delivery.acquireSlot();
  const outcome = slot === true || (await slot) ? await runHandler(claim, context) : noSlot();
  delivery.releaseSlot(); // concurrency is about handlers; the outcome may take its time to the disk
  context.observer.ran(delivery.jobType, outcome.durationMs);
  return outcome;
}

/** The claim is given up, which burns no attempt. */
function noSlot(): Outcome {
  return { kind: 'unstarted', because: 'no slot to run in became free', durationMs: 0 };
}
