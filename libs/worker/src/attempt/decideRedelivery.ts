import { attemptOverAt, isDue, type Job, type Lane, waitsForTimer } from '@jobstream/domain';
import { type Delivery, type JobSnapshot, NEWER_DELAY_MS } from '@jobstream/eventlog';
import type { AttemptContext } from './attemptContext.ts';
import type { AttemptCommand } from './chain/jobChain.ts';
import type { Settlement } from './settlement.ts';
import { startingDelivery } from './startCause.ts';

/**
 * What to do with a delivery: append the start of an attempt, leave the job to its timer, have it offered again by a timer,
 * have the attempt of another worker watched by one until it is over for certain, or settle the message.
 */
export type ClaimDecision =
  | { readonly kind: 'append'; readonly snapshot: JobSnapshot; readonly command: AttemptCommand }
  | {
      readonly kind: 'wake';
      readonly at: string;
      readonly status: Job['status'];
      readonly priority: Lane | undefined;
      readonly reason: string;
    }
  | { readonly kind: 'watch'; readonly at: string; readonly reason: string }
  | {
      readonly kind: 'defer';
      readonly delayMs: number;
      readonly notBefore?: string | undefined;
      readonly reason: string;
    }
  | { readonly kind: 'settle'; readonly settlement: Settlement; readonly reason: string };

/** Who asks for an attempt. */
export type Claimant = Pick<AttemptContext, 'workerName' | 'workerVersion' | 'ackWaitMs'>;

/**
 * Decides what to do with the message of a job that an earlier delivery of it, or another message, has brought further:
 * to a timer or to a running attempt. Undefined when there is no sign of that, and the message starts an attempt.
 */
export function decideRedelivery(
  snapshot: JobSnapshot,
  delivery: Delivery,
  claimant: Claimant,
): ClaimDecision | undefined {
  const { job } = snapshot;
  if (job.runAt !== undefined && mayHaveBeenLeftToTimer(job, delivery)) {
    return {
      kind: 'wake',
      at: job.runAt,
      status: job.status,
      priority: job.priority,
      reason: 'an earlier delivery left the job to its timer',
    };
  }
  return job.status === 'processing' ? decideTakeOver(snapshot, delivery, claimant) : undefined;
}

/**
 * Whether an earlier delivery of this message may have put the job to sleep until its timer. The holder of that delivery
 * may acknowledge the message at any time, and with it the lease of an attempt that we started on the message; then our
 * death would go unnoticed. The timer is a message of its own: asked for once more, it starts the attempt.
 */
function mayHaveBeenLeftToTimer(job: Job, { causationId, deliveryCount, dueAt }: Delivery): boolean {
  const { status, startedBy, runAt } = job;
  if (!waitsForTimer(status)) return false;
  // Counts start again after a crash of the server, so the attempt that failed tells as well.
  if (startedBy !== undefined && startingDelivery(startedBy, causationId) !== undefined) return true;
  // The timer of this very wait: its earlier holder can only start the attempt, or lose it to us.
  const isItsTimer = dueAt !== undefined && runAt !== undefined && isDue(runAt, dueAt);
  return deliveryCount > 1 && !isItsTimer;
}

/**
 * Decides for a job with events of a newer release, which this one must not run. To a newer worker the message must not
 * look as if its first holder had left the job to its timer, so a new timer offers it; only of a running attempt it has
 * to tell, by its redelivery, that the worker is lost.
 */
export function leaveToNewerWorker({ job }: JobSnapshot): ClaimDecision {
  const reason = `the job has ${job.unreadableEvents ?? 0} events of a newer release: left to a newer worker`;
  return waitsForTimer(job.status) ? offerLater(reason, job.runAt) : nak(NEWER_DELAY_MS, reason);
}

/** Decides to offer the job to a newer worker by a new timer. */
export function offerLater(reason: string, notBefore?: string): ClaimDecision {
  return { kind: 'defer', delayMs: NEWER_DELAY_MS, notBefore, reason };
}

/** What the start of an attempt says of the worker. */
export function startOf({ workerName: worker, workerVersion }: Claimant) {
  return workerVersion === undefined ? { worker } : { worker, workerVersion };
}

function decideTakeOver(snapshot: JobSnapshot, delivery: Delivery, claimant: Claimant): ClaimDecision {
  const { job } = snapshot;
  const started = startingDelivery(job.startedBy, delivery.causationId);
  const takeOver = {
    kind: 'append',
    snapshot,
    command: { kind: 'TakeOverAttempt', attempt: job.attempt, ...startOf(claimant) },
  } as const;
  const { ackWaitMs } = claimant;
  if (started === undefined) return decideForOtherMessage(job, delivery, ackWaitMs) ?? takeOver;
  if (delivery.deliveryCount <= started) return nak(ackWaitMs, 'the job may be running in another worker');
  // Delivered once more since then: the worker of the attempt has stopped extending its lease.
  return takeOver;
}

/**
 * Another message, with its own worker, started the attempt; undefined if that must be over. The message is redelivered if
 * that worker dies, unless somebody has acknowledged it, to whom it was delivered while the start was on its way into the
 * log. Therefore a timer looks at the job once more. If ours is one, the job is looked at soon: a server that has just
 * become the leader might not know yet that the attempt is over.
 */
function decideForOtherMessage(
  job: Job,
  { recorded, deliveryCount, dueAt }: Delivery,
  ackWaitMs: number,
): ClaimDecision | undefined {
  const overAt = attemptOverAt(job);
  if (dueAt !== undefined && isDue(overAt, dueAt)) return undefined;
  const reason = 'another message, with its own worker, started the job';
  if (recorded === undefined && deliveryCount === 1) return nak(ackWaitMs, reason);
  return { kind: 'watch', at: overAt, reason };
}

export function ack(reason: string): ClaimDecision {
  return { kind: 'settle', settlement: { kind: 'ack' }, reason };
}

/**
 * For what cannot be decided yet: the state is old, the message reached the running attempt's worker after it reached
 * us, or the server has lost its counts in a crash. The heartbeat of a live worker comes before the redelivery; without
 * one the message comes again with a higher count.
 */
export function nak(delayMs: number, reason: string): ClaimDecision {
  return { kind: 'settle', settlement: { kind: 'nak', delayMs }, reason };
}
