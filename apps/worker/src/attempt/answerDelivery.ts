import type { Delivery } from '@jobstream/eventlog';
import type { WorkerContext } from '../workerContext.ts';
import type { Answer } from './answer.ts';
import { give } from './answer.ts';
import type { Attempt } from './attempt.ts';
import { answerToCancelled, isCancelled } from './answerToCancelled.ts';
import { answerToEvent } from './answerToEvent.ts';
import { answerToFailure } from './answerToFailure.ts';
import { claimJob } from './claimJob.ts';
import { parkRetry } from './parkRetry.ts';
import { recordOutcome } from './recordOutcome.ts';
import { runHandler } from './runHandler.ts';

/** One delivery from its arrival to its answer; tells whether it led to an attempt. Never rejects. */
export async function answerDelivery(delivery: Delivery, context: WorkerContext): Promise<boolean> {
  using _follow = context.cancelWatch.follow(delivery.jobId);
  try {
    const claim = await claimJob(delivery, context);
    const started = !('answer' in claim);
    give(started ? await runAttempt(claim, context) : claim, delivery);
    return started;
  } catch (error) {
    give(await answerToFailure(error, delivery, context), delivery);
    return true;
  }
}

async function runAttempt(claim: Attempt, context: WorkerContext): Promise<Answer> {
  const outcome = await runHandler(claim, context);
  if (isCancelled(outcome)) return answerToCancelled(claim, outcome);
  const event = await recordOutcome(claim, outcome, context);
  await parkRetry(event, context);
  return answerToEvent(event);
}
