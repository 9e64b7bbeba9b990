import { randomUUID } from 'node:crypto';
import { ConflictError, NotFoundError, type Priority } from '@jobstream/client';
import {
  changedKey,
  ConcurrentAppendError,
  decide,
  isRejection,
  type Job,
  type JobEvent,
  laneOf,
} from '@jobstream/worker/test-engine';
import type { TestSystem } from './system/testSystem.ts';

/** What a client may do to a job. */
export type JobChange =
  | { readonly kind: 'CancelJob' | 'RequeueJob' | 'RunJobNow'; readonly reason?: string }
  | { readonly kind: 'ChangePriority'; readonly priority: Priority; readonly reason?: string }
  | {
      readonly kind: 'ChangePayload';
      readonly payload: unknown;
      readonly keepSteps?: boolean;
      readonly reason?: string;
    }
  | { readonly kind: 'SignalJob'; readonly name: string; readonly payload: unknown }
  | { readonly kind: 'ReviseJob'; readonly payload: unknown; readonly runAt?: string; readonly delayMs?: number };

/**
 * Does to a job what a client asks for; again from the new state when the worker was faster. Cancelling twice is allowed, and a priority
 * that the job has already.
 *
 * @throws NotFoundError, ConflictError
 */
export async function changeJob(id: string, change: JobChange, system: TestSystem): Promise<void> {
  for (;;) {
    const { log } = system;
    const snapshot = await log.readJob(id);
    if (snapshot === undefined) throw new NotFoundError(`there is no job ${id}`, { status: 404 });
    const decision = decideOn(change, snapshot.job, system);
    if (decision === undefined) return;
    if (decision.event === 'JobPriorityChanged') await openLane(snapshot.job, decision.data.priority, system);
    try {
      await log.append(decision, snapshot.sequence);
      if (decision.event === 'JobPriorityChanged') await wakeWithPriority(snapshot.job, decision.data.priority, system);
      return;
    } catch (error) {
      if (!(error instanceof ConcurrentAppendError)) throw error;
    }
  }
}

/** Returns undefined if the job is as the change would have it. @throws ConflictError */
function decideOn(change: JobChange, job: Job, system: TestSystem): JobEvent | undefined {
  const keyFault = change.kind === 'ChangePayload' ? changedKey(job, change.payload) : undefined;
  if (keyFault !== undefined) throw conflict(job, keyFault);
  const at = new Date(system.now()).toISOString();
  const decision = decide({ ...change, eventId: randomUUID(), at, actor: { kind: 'user', id: 'test' } }, job);
  if (!isRejection(decision)) return decision;
  if (decision.kind === 'already-cancelled' || decision.kind === 'unchanged') return undefined;
  throw conflict(job, decision.detail);
}

function conflict({ id }: Job, detail: string): ConflictError {
  return new ConflictError(`job ${id}: ${detail}`, { status: 409 });
}

async function openLane({ type }: Job, priority: Priority, system: TestSystem): Promise<void> {
  const lane = laneOf(priority);
  if (lane !== undefined) await system.openLane(type, lane);
}

/** Calls for work on a job that could start, with another priority. */
async function wakeWithPriority(
  { id: jobId, type: jobType, status }: Job,
  priority: Priority,
  system: TestSystem,
): Promise<void> {
  const wake = { jobId, jobType, priority: laneOf(priority), at: new Date(system.now()).toISOString() };
  if (status === 'pending') await system.log.wakeNow(wake);
}
