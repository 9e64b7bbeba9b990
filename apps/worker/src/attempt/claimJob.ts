import { evolve, isRejection } from '@jobstream/domain';
import type { Decision, JobEvent, Rejection } from '@jobstream/domain';
import { ConcurrentAppendError } from '@jobstream/eventlog';
import type { Delivery, JobSnapshot } from '@jobstream/eventlog';
import type { WorkerContext } from '../workerContext.ts';
import type { Answer } from './answer.ts';
import type { Attempt } from './attempt.ts';
import { JobChain } from './jobChain.ts';
import { planClaim, type ClaimPlan } from './planClaim.ts';
import { readFreshState } from './readFreshState.ts';
import { startCause } from './startCause.ts';
import { startedAttempt } from './startedAttempt.ts';
import { waitedMs } from './waitedMs.ts';
import { wakeAt } from './wakeAt.ts';

/**
 * Turns a delivery into a started attempt, or into its answer when there is nothing to start. `beaten` says that
 * another worker was faster a moment ago; then the state is read, whatever the delivery seems to tell.
 */
export async function claimJob(delivery: Delivery, context: WorkerContext, beaten = false): Promise<Attempt | Answer> {
  const snapshot = (beaten ? undefined : firstState(delivery)) ?? (await readFreshState(delivery, context));
  const plan = planClaim(snapshot, delivery, context);
  if (plan.do === 'answer') return answered(plan.answer, plan.because, delivery, context);
  if (plan.do === 'wake') {
    await wakeAt(plan.at, delivery, context);
    return answered({ answer: 'ack' }, plan.because, delivery, context);
  }
  if (isLastAttempt(plan.snapshot) && !(await delivery.acquireSlot())) {
    return answered({ answer: 'release' }, 'no slot to run in became free', delivery, context);
  }
  try {
    return await appendClaim(plan, delivery, context);
  } catch (error) {
    if (!(error instanceof ConcurrentAppendError)) throw error;
    return claimJob(delivery, context, true);
  }
}

async function appendClaim(
  { snapshot, command }: Extract<ClaimPlan, { do: 'append' }>,
  delivery: Delivery,
  context: WorkerContext,
): Promise<Attempt | Answer> {
  const chain = new JobChain(snapshot, startCause(delivery), context);
  const decision = await chain.record(command);
  const claim = isRejection(decision)
    ? await refused(decision, delivery, context)
    : claimed(decision, chain, delivery, context);
  tellObserver(snapshot, decision, context);
  return claim;
}

/** Should the worker die between its claim and its run, the job would fail without having run: so it takes its slot first. */
function isLastAttempt({ job }: JobSnapshot): boolean {
  return job.attempt + 1 === job.maxAttempts;
}

/** A JobCreated that comes for the first time is the whole history: no need to read. */
function firstState({ recorded, deliveryCount }: Delivery): JobSnapshot | undefined {
  if (recorded === undefined || deliveryCount > 1) return undefined;
  const job = evolve(undefined, recorded.event);
  return job === undefined ? undefined : { job, sequence: recorded.sequence };
}

async function refused({ dueAt, detail }: Rejection, delivery: Delivery, context: WorkerContext): Promise<Answer> {
  if (dueAt !== undefined) await wakeAt(dueAt, delivery, context);
  return answered({ answer: 'ack' }, detail, delivery, context);
}

function claimed(event: JobEvent, chain: JobChain, delivery: Delivery, context: WorkerContext): Attempt | Answer {
  if (event.event === 'JobStarted') return startedAttempt(chain, delivery, context);
  context.logger.error({ jobId: delivery.jobId, jobType: delivery.jobType }, 'failed: its workers were lost');
  return { answer: 'ack' };
}

function tellObserver({ job }: JobSnapshot, decision: Decision, { observer }: WorkerContext): void {
  if (isRejection(decision)) return;
  if (job.status === 'processing') observer.lost(job.type);
  if (decision.event === 'JobStarted') observer.started(job.type, waitedMs(job, decision.at));
}

function answered(answer: Answer, because: string, delivery: Delivery, { logger }: WorkerContext): Answer {
  const { jobId, jobType, causationId, deliveryCount } = delivery;
  logger.debug({ jobId, jobType, causationId, deliveryCount, ...answer }, because);
  return answer;
}
