import { isTerminal } from '@jobstream/domain';
import type { Job } from '@jobstream/domain';
import type { Delivery, JobSnapshot } from '@jobstream/eventlog';
import type { WorkerContext } from '../workerContext.ts';
import type { Answer } from './answer.ts';
import type { AttemptCommand } from './jobChain.ts';

export type ClaimPlan =
  | { readonly do: 'append'; readonly snapshot: JobSnapshot; readonly command: AttemptCommand }
  | { readonly do: 'answer'; readonly answer: Answer; readonly because: string };

export interface ClaimCircumstances {
  /** We lost a race for the job a moment ago. */
  readonly beaten: boolean;
  readonly context: Pick<WorkerContext, 'workerName' | 'ackWaitMs'>;
}

/** What a delivery can mean for a job in the state in which it was found. */
export function planClaim(
  snapshot: JobSnapshot | undefined,
  delivery: Delivery,
  circumstances: ClaimCircumstances,
): ClaimPlan {
  if (snapshot === undefined) return drop('there is no such job');
  const { job } = snapshot;
  if (isTerminal(job.status)) return drop(`the job is ${job.status}`);
  const worker = circumstances.context.workerName;
  if (job.status !== 'processing') return { do: 'append', snapshot, command: { command: 'StartAttempt', worker } };
  if (!isOwnMessage(job, delivery)) return drop('another message, with its own worker, started the job');
  if (isLost(delivery, circumstances)) {
    return { do: 'append', snapshot, command: { command: 'TakeOverAttempt', attempt: job.attempt, worker } };
  }
  return wait(circumstances.context.ackWaitMs);
}

/** Did this very message start the attempt? Workers in other languages may not say. */
function isOwnMessage({ startedBy }: Job, { cause }: Delivery): boolean {
  return startedBy === undefined || startedBy === cause;
}

/**
 * Redelivered means that the earlier holder stopped answering. But if somebody was faster than us a moment ago, the
 * message was delivered once more after ours, and its new holder is alive.
 */
function isLost({ deliveryCount }: Delivery, { beaten }: ClaimCircumstances): boolean {
  return deliveryCount > 1 && !beaten;
}

function drop(because: string): ClaimPlan {
  return { do: 'answer', answer: { answer: 'ack' }, because };
}

/**
 * The server has lost its counts in a crash, or gave the message to somebody else after us. A live holder's heartbeat
 * outruns this release; if there is none, the message comes again with a count that says so.
 */
function wait(afterMs: number): ClaimPlan {
  return { do: 'answer', answer: { answer: 'release', afterMs }, because: 'the job may be running elsewhere' };
}
