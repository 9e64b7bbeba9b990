import { isTerminal } from '@jobstream/domain';
import type { Job } from '@jobstream/domain';
import type { Delivery, JobSnapshot } from '@jobstream/eventlog';
import type { WorkerContext } from '../workerContext.ts';
import type { Answer } from './answer.ts';
import { isFresh } from './isFresh.ts';
import type { AttemptCommand } from './jobChain.ts';
import { startingDelivery } from './startCause.ts';

export type ClaimPlan =
  | { readonly do: 'append'; readonly snapshot: JobSnapshot; readonly command: AttemptCommand }
  | { readonly do: 'wake'; readonly at: string; readonly because: string }
  | { readonly do: 'answer'; readonly answer: Answer; readonly because: string };

type Claimant = Pick<WorkerContext, 'workerName' | 'ackWaitMs'>;

/** What a delivery can mean for a job in the state in which it was found. */
export function planClaim(snapshot: JobSnapshot | undefined, delivery: Delivery, claimant: Claimant): ClaimPlan {
  if (!isFresh(snapshot, delivery)) return wait(claimant.ackWaitMs, 'the state is older than the message');
  if (snapshot === undefined) return drop('there is no such job');
  const { job } = snapshot;
  if (isTerminal(job.status)) return drop(`the job is ${job.status}`);
  if (job.runAt !== undefined && isServed(job, delivery)) {
    return { do: 'wake', at: job.runAt, because: 'the call was answered by a timer before' };
  }
  if (job.status === 'processing') return planTakeOver(snapshot, delivery, claimant);
  return { do: 'append', snapshot, command: { kind: 'StartAttempt', worker: claimant.workerName } };
}

function planTakeOver(
  snapshot: JobSnapshot,
  delivery: Delivery,
  { workerName: worker, ackWaitMs }: Claimant,
): ClaimPlan {
  const { job } = snapshot;
  const started = startingDelivery(job.startedBy, delivery.causationId);
  if (started === undefined) return planOther(delivery, ackWaitMs);
  if (delivery.deliveryCount <= started) return wait(ackWaitMs, 'the job may be running elsewhere');
  // Delivered once more since then: that worker has stopped answering.
  return { do: 'append', snapshot, command: { kind: 'TakeOverAttempt', attempt: job.attempt, worker } };
}

/**
 * Another message, with its own worker, started the attempt. If ours is the timer of a retry, it is looked at twice: a
 * server that has just become the leader might not know yet that the attempt is over.
 */
function planOther({ recorded, deliveryCount }: Delivery, ackWaitMs: number): ClaimPlan {
  const because = 'another message, with its own worker, started the job';
  return recorded === undefined && deliveryCount === 1 ? wait(ackWaitMs, because) : drop(because);
}

/**
 * Whether an earlier delivery of this message may have put the job to sleep until its timer. Whoever had that delivery
 * may acknowledge the message at any time, and with it the lease of an attempt that we started on the message; then
 * nobody would notice our death. The timer is a message of its own: asked for once more, it starts the attempt.
 */
function isServed({ status, startedBy }: Job, { causationId, deliveryCount }: Delivery): boolean {
  if (status !== 'scheduled' && status !== 'retrying') return false;
  // Counts start again after a crash of the server, so the attempt that failed tells as well.
  return deliveryCount > 1 || (startedBy !== undefined && startingDelivery(startedBy, causationId) !== undefined);
}

function drop(because: string): ClaimPlan {
  return { do: 'answer', answer: { answer: 'ack' }, because };
}

/**
 * It cannot be told yet: the state is old, the message reached the running attempt's worker after it reached us, or the
 * server has lost its counts in a crash. A live worker's heartbeat outruns this release; if there is none, the message
 * comes again with a higher count.
 */
function wait(afterMs: number, because: string): ClaimPlan {
  return { do: 'answer', answer: { answer: 'release', afterMs }, because };
}
