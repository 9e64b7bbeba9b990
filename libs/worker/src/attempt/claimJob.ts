import { setTimeout as pause } from 'node:timers/promises';
import { addMs, evolve, isDue, isRejection, isTerminal, wakeAt } from '@jobstream/domain';
import type { Decision, Job, JobEvent, Rejection } from '@jobstream/domain';
import { ConcurrentAppendError, JobUnreadableError } from '@jobstream/eventlog';
import type { Delivery, JobSnapshot } from '@jobstream/eventlog';
import type { Attempt } from './attempt.ts';
import type { AttemptContext } from './attemptContext.ts';
import { ack, decideRedelivery, leaveToNewerWorker, nak, offerLater, startOf } from './decideRedelivery.ts';
import type { ClaimDecision, Claimant } from './decideRedelivery.ts';
import { JobChain, laterOf } from './chain/jobChain.ts';
import { retryUntilAvailable } from './chain/retryUntilAvailable.ts';
import { scheduleWake, timerFor, type TimerSetting } from './scheduleWake.ts';
import type { Settlement } from './settlement.ts';
import { isNotCalled, signalledAt } from './signalCall.ts';
import { startCause } from './startCause.ts';

type DecisionOf<Kind extends ClaimDecision['kind']> = Extract<ClaimDecision, { kind: Kind }>;

const READ_PAUSE_MS = 50;
/** Two seconds together: servers are apart by milliseconds, unless one has just come back. */
const READ_TRIES = 40;

/** Turns a delivery into a started attempt, or into its settlement when there is nothing to start. */
export function claimJob(delivery: Delivery, context: AttemptContext): Promise<Attempt | Settlement> {
  const first = firstState(delivery);
  if (first === undefined) return decideAndCarryOut(delivery, context);
  return carryOut(decideClaim(first, delivery, context), delivery, context);
}

async function decideAndCarryOut(delivery: Delivery, context: AttemptContext): Promise<Attempt | Settlement> {
  return carryOut(await readAndDecide(delivery, context), delivery, context);
}

function carryOut(decision: ClaimDecision, delivery: Delivery, context: AttemptContext): Promise<Attempt | Settlement> {
  if (decision.kind === 'append') return appendClaim(decision, delivery, context);
  if (decision.kind === 'watch') return watchAttempt(decision, delivery, context);
  return withoutAttempt(decision, delivery, context);
}

/**
 * Sets the timer, and then decides once more: if the attempt has failed meanwhile, the timer may have replaced that of its
 * retry.
 */
async function watchAttempt(
  { at, reason }: DecisionOf<'watch'>,
  delivery: Delivery,
  context: AttemptContext,
): Promise<Attempt | Settlement> {
  await scheduleWake(at, delivery, context);
  const again = await readAndDecide(delivery, context);
  if (again.kind !== 'watch' || again.at !== at) return carryOut(again, delivery, context);
  return settled({ kind: 'ack' }, reason, delivery, context);
}

async function readAndDecide(delivery: Delivery, context: AttemptContext): Promise<ClaimDecision> {
  try {
    return decideClaim(await readFreshState(delivery, context), delivery, context);
  } catch (error) {
    if (!(error instanceof JobUnreadableError)) throw error;
    return offerLater('a newer release created the job: left to a newer worker');
  }
}

async function withoutAttempt(
  decision: DecisionOf<'settle' | 'wake' | 'defer'>,
  delivery: Delivery,
  context: AttemptContext,
): Promise<Settlement> {
  if (decision.kind === 'settle') return settled(decision.settlement, decision.reason, delivery, context);
  const at =
    decision.kind === 'wake' ? wakeAt(decision.at, decision, context.clock.now()) : deferredTo(decision, context);
  const { jobId, jobType } = delivery;
  const { priority } = decision.kind === 'wake' ? decision : delivery;
  await scheduleWake(at, { jobId, jobType, priority }, context);
  return settled({ kind: 'ack' }, decision.reason, delivery, context);
}

function deferredTo({ delayMs, notBefore = '' }: DecisionOf<'defer'>, { clock }: AttemptContext): string {
  const at = addMs(clock.now(), delayMs);
  return Date.parse(notBefore) > Date.parse(at) ? notBefore : at;
}

/** The first message of a job that comes for the first time is the whole history: no need to read. */
function firstState({ recorded, deliveryCount }: Delivery): JobSnapshot | undefined {
  if (recorded?.isFirst !== true || deliveryCount > 1) return undefined;
  const { event, sequence } = recorded;
  const job = evolve(undefined, event);
  return job === undefined ? undefined : { job, sequence, dispatches: [sequence] };
}

/**
 * Reads the job's state, at least as new as the message that calls for work. In a cluster the server that delivers may
 * have applied an event before the one that is read: the job then looks as if it did not exist, or had not been
 * requeued. The caller must check, since the wait for it has an end.
 */
export async function readFreshState(
  delivery: Delivery,
  { eventLog, closing }: Pick<AttemptContext, 'eventLog' | 'closing'>,
): Promise<JobSnapshot | undefined> {
  for (let tries = 1; ; tries += 1) {
    const snapshot = await retryUntilAvailable(() => eventLog.readJob(delivery.jobId, delivery.jobType), closing);
    if (isFresh(snapshot, delivery) || tries === READ_TRIES || closing.aborted) return snapshot;
    await pause(READ_PAUSE_MS, undefined, { signal: closing }).catch(() => undefined);
  }
}

/** Whether the state includes the message that calls for work. A timer does not require any newness of the state. */
function isFresh(snapshot: JobSnapshot | undefined, { recorded }: Delivery): boolean {
  return (snapshot?.sequence ?? 0) >= (recorded?.sequence ?? 0);
}

/**
 * Whether the job was carried behind this message, which the log is about to lose, so that an attempt that it starts could not be
 * taken over; or has got another priority.
 */
function isObsolete({ recorded }: Delivery, { calledFrom = 0 }: JobSnapshot): boolean {
  return recorded !== undefined && recorded.sequence < calledFrom;
}

/** A timer was set before the job was carried. Where its priority has changed, one calls for it again, with that. */
function decideObsolete({ job, callsAgain }: JobSnapshot): ClaimDecision {
  if (callsAgain !== true || job.status === 'processing') return ack('another message calls for the job');
  return callWithItsPriority(job);
}

/** Whether a timer that fired was set before a job that waits has got another priority. */
function hasOtherPriority({ recorded, priority }: Delivery, { job }: JobSnapshot): boolean {
  return recorded === undefined && priority !== job.priority && job.status !== 'processing';
}

function callWithItsPriority({ status, priority, runAt, updatedAt }: Job): ClaimDecision {
  return { kind: 'wake', at: runAt ?? updatedAt, status, priority, reason: 'the job has got another priority since' };
}

/** Decides what a delivery, first or repeated, means for a job in the state in which it was found. */
export function decideClaim(snapshot: JobSnapshot | undefined, delivery: Delivery, claimant: Claimant): ClaimDecision {
  if (!isFresh(snapshot, delivery)) return nak(claimant.ackWaitMs, 'the state is older than the message');
  if (snapshot === undefined) return ack('job not found');
  const { status, unreadableEvents } = snapshot.job;
  if (unreadableEvents !== undefined) return leaveToNewerWorker(snapshot);
  if (isTerminal(status)) return ack(`the job is ${status}`);
  return (
    decideUncalled(snapshot, delivery) ??
    decideRedelivery(snapshot, delivery, claimant) ?? {
      kind: 'append',
      snapshot,
      command: { kind: status === 'waiting' ? 'ResumeAttempt' : 'StartAttempt', ...startOf(claimant) },
    }
  );
}

/** Decides for a message that does not call for the job, or not any more; undefined for one that does. */
function decideUncalled(snapshot: JobSnapshot, delivery: Delivery): ClaimDecision | undefined {
  if (isObsolete(delivery, snapshot)) return decideObsolete(snapshot);
  if (isCopy(snapshot, delivery)) return ack('the message is a copy of an event of the job');
  if (isNotCalled(snapshot.job, delivery)) return ack('the job does not wait for the signal now: it reads it itself');
  if (hasOtherPriority(delivery, snapshot)) return callWithItsPriority(snapshot.job);
  return undefined;
}

/**
 * Whether the message is no event of the job, although its body is one: a stranger has stored it again. It must not count
 * as a redelivery of the event, which would say that the worker of the running attempt is lost. What is older than the
 * history, which may begin with a JobCarried, cannot be compared with it.
 */
function isCopy({ dispatches }: JobSnapshot, { recorded }: Delivery): boolean {
  const [first = Infinity] = dispatches;
  return recorded !== undefined && recorded.sequence > first && !dispatches.includes(recorded.sequence);
}

/**
 * Should the worker die between its claim and its run, the job would fail without having run: so it takes its slot first. A look at a job
 * that waits takes none.
 */
function startsLastAttempt({ job }: JobSnapshot, { dueAt }: Delivery, { clock }: AttemptContext): boolean {
  const { status, attempt, maxAttempts, runAt } = job;
  if (status !== 'waiting') return attempt + 1 === maxAttempts;
  return attempt === maxAttempts && (runAt === undefined || isDue(runAt, laterOf(clock.now(), dueAt)));
}

async function appendClaim(
  { snapshot, command }: DecisionOf<'append'>,
  delivery: Delivery,
  context: AttemptContext,
): Promise<Attempt | Settlement> {
  if (startsLastAttempt(snapshot, delivery, context) && !(await delivery.acquireSlot())) {
    return settled({ kind: 'nak' }, 'no slot to run in became free', delivery, context);
  }
  const dueAt = delivery.dueAt ?? signalledAt(delivery);
  const chain = new JobChain(snapshot, { causationId: startCause(delivery), dueAt }, context);
  let decision: Decision;
  try {
    decision = await chain.record(command);
  } catch (error) {
    if (!(error instanceof ConcurrentAppendError)) throw error;
    // Another worker was faster a moment ago, so the state must be read, whatever the delivery carries.
    return decideAndCarryOut(delivery, context);
  }
  const claim = isRejection(decision)
    ? await rejected(decision, snapshot, delivery, context)
    : claimed(decision, chain, delivery, context);
  observe(snapshot, decision, context);
  return claim;
}

async function rejected(
  { dueAt, detail }: Rejection,
  { job: { status } }: JobSnapshot,
  delivery: Delivery,
  context: AttemptContext,
): Promise<Attempt | Settlement> {
  if (dueAt === undefined) return settled({ kind: 'ack' }, detail, delivery, context);
  return leaveToTimer({ at: dueAt, status, priority: delivery.priority }, detail, delivery, context);
}

/**
 * Sets the timer, and then looks once more: the job may have been made due since, and have run and failed, and the timer may have
 * replaced that of its retry. A message that has waited long for its first delivery comes with the oldest state.
 */
async function leaveToTimer(
  { at, status, priority }: TimerSetting,
  reason: string,
  delivery: Delivery,
  context: AttemptContext,
): Promise<Attempt | Settlement> {
  const { jobId, jobType } = delivery;
  await scheduleWake(wakeAt(at, { status }, context.clock.now()), { jobId, jobType, priority }, context);
  const found = await readFreshState(delivery, context);
  if (found?.job.unreadableEvents !== undefined) return carryOut(leaveToNewerWorker(found), delivery, context);
  const timer = found && timerFor(found.job);
  if (timer === undefined || (timer.at === at && timer.priority === priority)) {
    return settled({ kind: 'ack' }, reason, delivery, context);
  }
  return leaveToTimer(timer, reason, delivery, context);
}

function claimed(event: JobEvent, chain: JobChain, delivery: Delivery, context: AttemptContext): Attempt | Settlement {
  const { jobId, jobType } = delivery;
  if (event.event !== 'JobStarted' && event.event !== 'JobResumed') {
    context.logger.error({ jobId, jobType }, 'failed: its workers were lost');
    return { kind: 'ack' };
  }
  const { attempt } = chain.job;
  const handler = context.handlers.get(jobType);
  if (handler === undefined) throw new Error(`no handler is registered for the job type ${jobType}`);
  const logger = context.logger.child({ jobId, jobType, attempt });
  logger.debug(event.event === 'JobStarted' ? 'started' : 'resumed');
  return { delivery, chain, handler, runId: event.id, number: attempt, logger };
}

function observe({ job }: JobSnapshot, decision: Decision, { observer }: AttemptContext): void {
  if (isRejection(decision)) return;
  if (job.status === 'processing') observer.lost(job.type);
  if (decision.event === 'JobStarted') observer.started(job.type, waitedMs(job, decision.at));
  if (decision.event === 'JobResumed') observer.resumed(job.type, waitedMs(job, decision.at));
}

/**
 * How long the job could have run before an attempt began at `startedAt`: since it was created, due, requeued or
 * released, whichever came last. Undefined for a job that was running elsewhere. Several clocks took part, so a wait
 * may seem to be negative; then it is 0.
 */
export function waitedMs(before: Job, startedAt: string): number | undefined {
  if (before.status === 'processing') return undefined;
  const updatedAt = Date.parse(before.updatedAt);
  const since = before.runAt === undefined ? updatedAt : Math.max(updatedAt, Date.parse(before.runAt));
  return Math.max(0, Date.parse(startedAt) - since);
}

function settled(settlement: Settlement, reason: string, delivery: Delivery, { logger }: AttemptContext): Settlement {
  const { jobId, jobType, causationId, deliveryCount } = delivery;
  logger.debug({ jobId, jobType, causationId, deliveryCount, settlement }, reason);
  return settlement;
}
