import { ConcurrentAppendError } from '@jobstream/eventlog';
import type { Delivery } from '@jobstream/eventlog';
import type { WorkerContext } from '../workerContext.ts';
import type { Answer } from './answer.ts';
import { give } from './answer.ts';
import type { Attempt } from './attempt.ts';
import { answerToCancelled, isCancelled } from './answerToCancelled.ts';
import { answerToEvent } from './answerToEvent.ts';
import { answerToFailure } from './answerToFailure.ts';
import { endIn } from './attemptObserver.ts';
import { claimJob } from './claimJob.ts';
import { parkRetry } from './parkRetry.ts';
import { recordOutcome } from './recordOutcome.ts';
import { runHandler } from './runHandler.ts';

/** One delivery from its arrival to its answer; tells whether it led to an attempt. Never rejects. */
export async function answerDelivery(delivery: Delivery, context: WorkerContext): Promise<boolean> {
  using _follow = context.cancelWatch.follow(delivery.jobId);
  if (delivery.deliveryCount > 1) context.observer.redelivered(delivery.jobType);
  try {
    const claim = await claimJob(delivery, context);
    const started = !('answer' in claim);
    give(started ? await observedAttempt(claim, context) : claim, delivery);
    return started;
  } catch (error) {
    give(await answerToFailure(error, delivery, context), delivery);
    return true;
  }
}

async function observedAttempt(claim: Attempt, context: WorkerContext): Promise<Answer> {
  const { jobType } = claim.delivery;
  try {
    return await runAttempt(claim, context);
  } catch (error) {
    context.observer.ended(jobType, error instanceof ConcurrentAppendError ? 'overtaken' : 'unsettled');
    throw error;
  }
}

async function runAttempt(claim: Attempt, context: WorkerContext): Promise<Answer> {
  const { jobType } = claim.delivery;
  const outcome = await runHandler(claim, context);
  context.observer.ran(jobType, outcome.durationMs);
  if (isCancelled(outcome)) {
    context.observer.ended(jobType, 'cancelled');
    return answerToCancelled(claim, outcome);
  }
  const event = await recordOutcome(claim, outcome, context);
  await parkRetry(event, context);
  context.observer.ended(jobType, endIn(event));
  return answerToEvent(event);
}
