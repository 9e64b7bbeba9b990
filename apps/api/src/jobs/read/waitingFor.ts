import { isTerminal, type Job } from '@jobstream/domain';
import type { JobTypeInfo } from '@jobstream/eventlog';
import type { TypeState } from '../../jobTypes/typeStates.ts';
import type { WaitingFor } from '../view/waitingView.ts';

export interface Circumstances {
  /** The time by the server's clock, in milliseconds. */
  readonly now: number;
  /** Of the job's type; undefined if it is not known. */
  readonly type: TypeState | undefined;
  /** Whether the worker of the running attempt lives no more. */
  readonly isWorkerGone: boolean;
}

/** Returns why a job does not run now, or that it does; undefined if it has ended or the reason is not known. */
export function waitingFor(job: Job, { now, type, isWorkerGone }: Circumstances): WaitingFor | undefined {
  const { status, unreadableEvents, worker, attempt, startedAt: since } = job;
  if (isTerminal(status)) return undefined;
  if (unreadableEvents !== undefined) return { reason: 'upgrade', unreadableEvents };
  if (status === 'processing') return { reason: isWorkerGone ? 'lostWorker' : 'running', attempt, worker, since };
  return untilDue(job, now) ?? (type && untilTaken(type));
}

/** Whether something that all jobs of a type share decides when the job runs: then it can be asked for the state of the type. */
export function dependsOnType(job: Job, now: number): boolean {
  const { status, unreadableEvents } = job;
  if (isTerminal(status) || status === 'processing' || unreadableEvents !== undefined) return false;
  return untilDue(job, now) === undefined;
}

function untilDue(job: Job, now: number): WaitingFor | undefined {
  const { status, runAt, attempt } = job;
  if (status === 'pending' || runAt === undefined || Date.parse(runAt) <= now) return undefined;
  if (status === 'waiting') return untilCalled(job, runAt);
  return status === 'retrying' ? { reason: 'backoff', attempt, until: runAt } : { reason: 'due', at: runAt };
}

/** A wait without a time limit has an end as well, at which the handler looks again: nothing that a reader should know. */
function untilCalled({ attempt, awaits = [], updatedAt: since }: Job, until: string): WaitingFor {
  return awaits.length === 0
    ? { reason: 'sleep', attempt, until }
    : { reason: 'signal', attempt, names: awaits, since };
}

function untilTaken(type: TypeState): WaitingFor {
  const { info, announced, workers } = type;
  if (info?.paused === true) return paused(info);
  if (info?.hasRoom === true) return { reason: 'queue' };
  return workers === 0 ? { reason: 'noWorker', announced } : atLimit(type);
}

function paused({ pausedUntil: until, pause }: JobTypeInfo): WaitingFor {
  return { reason: 'paused', since: pause?.at, by: pause?.by, why: pause?.reason, all: pause?.all, until };
}

/** Workers that ask for no job have taken as many as they run at once, or as their rate allows. */
function atLimit({ info, concurrency, rate }: TypeState): WaitingFor {
  if (info === undefined) return { reason: 'queue' };
  const { inFlight } = info;
  if (concurrency > 0 && inFlight >= concurrency) return { reason: 'concurrency', inFlight, limit: concurrency };
  return rate === undefined ? { reason: 'queue' } : { reason: 'rateLimit', rate };
}
