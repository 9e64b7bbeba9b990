import type { Delivery } from '@jobstream/eventlog';
import type { WorkerContext } from '../workerContext.ts';
import type { Answer } from './answer.ts';
import { give } from './answer.ts';
import { answerToCancelled, isCancelled } from './answerToCancelled.ts';
import { answerToEvent } from './answerToEvent.ts';
import { answerToFailure } from './answerToFailure.ts';
import { claimJob } from './claimJob.ts';
import { parkRetry } from './parkRetry.ts';
import { recordOutcome } from './recordOutcome.ts';
import { runHandler } from './runHandler.ts';

/** One delivery from its arrival to its answer. Never rejects. */
export async function answerDelivery(delivery: Delivery, context: WorkerContext): Promise<void> {
  const answer = await attemptJob(delivery, context).catch((error: unknown) =>
    answerToFailure(error, delivery, context),
  );
  give(answer, delivery);
}

async function attemptJob(delivery: Delivery, context: WorkerContext): Promise<Answer> {
  using _follow = context.cancelWatch.follow(delivery.jobId);
  const claim = await claimJob(delivery, context);
  if ('answer' in claim) return claim;
  const outcome = await runHandler(claim, context);
  if (isCancelled(outcome)) return answerToCancelled(claim, outcome);
  const event = await recordOutcome(claim, outcome, context);
  await parkRetry(event, context);
  return answerToEvent(event);
}
