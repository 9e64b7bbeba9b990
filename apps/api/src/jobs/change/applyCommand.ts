import { randomUUID } from 'node:crypto';
import {
  carryProtocol,
  changedKey,
  decide,
  evolve,
  isRejection,
  type Job,
  type JobCommandOf,
  type JobEvent,
  laneOf,
  protocolOf,
  type Rejection,
  requeuesJob,
  STEPS_PROTOCOL,
  timestampOf,
} from '@jobstream/domain';
import { carriedEntries, decideAgain, reclaim, isShredded, isUnreadable, type JobSnapshot } from '@jobstream/eventlog';
import { requireProtocol } from '../../announcements/requireProtocol.ts';
import type { ApiDeps } from '../../apiDeps.ts';

/** What can be done to many jobs as well. */
export type ChangeCommand = JobCommandOf<'CancelJob' | 'RequeueJob' | 'ChangePriority'>;
export type AppliedCommand = ChangeCommand | JobCommandOf<'RunJobNow' | 'ChangePayload'>;

export interface AppliedTo {
  readonly id: string;
  readonly type?: string;
  /** Whether the caller may know about workers and other processes, as callers with a tenant may not. */
  readonly namesProcesses?: boolean;
}

/** The job after a command, or its current state if the domain rejected the command. */
export interface Applied {
  readonly job: Job;
  readonly rejection?: Rejection;
}

/**
 * Applies a command to the current state of a job, and decides again when another writer was faster.
 *
 * Passing the job's type saves a lookup.
 *
 * @returns undefined if the log has no such job.
 * @throws ConcurrentAppendError after 8 tries; Problem `upgrade-unfinished`.
 */
export function applyCommand(
  { id, type, namesProcesses = false }: AppliedTo,
  command: AppliedCommand,
  { log, table }: Pick<ApiDeps, 'log' | 'table'>,
): Promise<Applied | undefined> {
  return decideAgain(async () => {
    const snapshot = await log.readJob(id, type);
    return snapshot && decideAndAppend(snapshot, command, { log, table, namesProcesses });
  });
}

async function decideAndAppend(
  found: JobSnapshot,
  command: AppliedCommand,
  { log, table, namesProcesses }: Pick<ApiDeps, 'log' | 'table'> & { readonly namesProcesses: boolean },
): Promise<Applied> {
  const refusal = refusalOf(command, found.job) ?? (await keyRefusal(command, found.job, log));
  if (refusal !== undefined) return { job: found.job, rejection: refusal };
  const { job, sequence } = (await mustCarry(found, command, log)) ? await carry(found, command, log) : found;
  const decision = decide(command, job);
  if (isRejection(decision)) return { job, rejection: decision };
  const { event } = decision;
  await requireProtocol({ protocol: protocolFor(decision), what: event, namesProcesses }, { log });
  await openLane(decision, log);
  const reclaimed = requeuesJob(event) ? await reclaim(job, { log, table }) : undefined;
  if (reclaimed !== undefined && 'holder' in reclaimed) return { job, rejection: keyHeldBy(reclaimed.holder) };
  await log.append(decision, sequence, reclaimed?.claim);
  const changed = evolve(job, decision) ?? job;
  await wakeWithPriority(decision, changed, log);
  return { job: changed };
}

/** Has the consumers created of the priority that a job gets. */
async function openLane(decision: JobEvent, log: ApiDeps['log']): Promise<void> {
  const lane = decision.event === 'JobPriorityChanged' ? laneOf(decision.data.priority) : undefined;
  if (lane !== undefined) await log.lanes.open(decision.jobType, lane);
}

/** An earlier release would lose what `keepSteps` says. */
function protocolFor(decision: JobEvent): number {
  const keepsSteps = decision.event === 'JobPayloadChanged' && decision.data.keepSteps === true;
  return keepsSteps ? STEPS_PROTOCOL : protocolOf(decision.event);
}

/**
 * Calls for work on a job that could start and has got another priority, with that. Should this be missing, the call that the job has had
 * before is made once more when its turn comes; so is the timer of a job that is not due yet.
 */
async function wakeWithPriority({ event, jobType }: JobEvent, job: Job, log: ApiDeps['log']): Promise<void> {
  if (event !== 'JobPriorityChanged' || job.status !== 'pending') return;
  await log.wakeNow({ jobId: job.id, jobType, priority: job.priority, at: timestampOf(log.clock.now()) });
}

/** Why a job cannot be brought back whose unique key another one holds. */
export function keyHeldBy({ id, status }: Job): Rejection {
  return { kind: 'key-held', detail: `job ${id}, which is ${status}, holds the unique key` };
}

/**
 * Whether the job would be changed, to be requeued, behind events that the log may lose at any moment: a keeper that has just looked at it
 * takes it for one that has ended. Without its contents it cannot be written down again.
 */
async function mustCarry(snapshot: JobSnapshot, command: AppliedCommand, log: ApiDeps['log']): Promise<boolean> {
  if (!bringsBack(command) || isRejection(decide(command, snapshot.job))) return false;
  if (!log.prefix.mayLose(snapshot) || isUnreadable(snapshot.job.payload)) return false;
  return log.announcements.allUnderstand(carryProtocol(snapshot.job));
}

async function carry(snapshot: JobSnapshot, command: AppliedCommand, log: ApiDeps['log']): Promise<JobSnapshot> {
  const entries = carriedEntries(await log.prefix.storedHistory(snapshot.job.id, snapshot.job.type));
  const carrying = { kind: 'CarryJob', keepsCause: true, ...entries } as const;
  const carried = decide({ ...command, ...carrying, eventId: randomUUID() }, snapshot.job);
  if (isRejection(carried)) throw new Error(`a job that can be requeued cannot be carried: ${carried.detail}`);
  const sequence = await log.append(carried, snapshot.sequence);
  return { ...snapshot, job: evolve(snapshot.job, carried) ?? snapshot.job, sequence };
}

function bringsBack({ kind }: AppliedCommand): boolean {
  return kind === 'RequeueJob' || kind === 'ChangePayload';
}

/** A job without its payload could only fail again, and the key that would encrypt another one is destroyed. */
function refusalOf(command: AppliedCommand, { payload }: Job): Rejection | undefined {
  if (!bringsBack(command) || !isShredded(payload)) return undefined;
  return { kind: 'illegal-transition', detail: 'the payload of the job was erased' };
}

async function keyRefusal(command: AppliedCommand, job: Job, log: ApiDeps['log']): Promise<Rejection | undefined> {
  if (command.kind !== 'ChangePayload' || job.unique === undefined) return undefined;
  const opened = await log.contents.openJob(job);
  const detail = isUnreadable(opened.payload) ? undefined : changedKey(opened, command.payload);
  return detail === undefined ? undefined : { kind: 'illegal-transition', detail };
}
