import { randomUUID } from 'node:crypto';
import { attemptOverAt, carrierOf, carryNames, carryProtocol, decide, fold, isRejection } from '@jobstream/domain';
import { isTerminal, type Job, type JobState, wakeAt, workEventNames } from '@jobstream/domain';
import { carriedEntries, ConcurrentAppendError, decideAgain } from '@jobstream/eventlog';
import type { EventLog, StoredHistory } from '@jobstream/eventlog';
import type { JobRef } from './prefixReader.ts';

export interface CarryContext {
  readonly eventLog: Pick<EventLog, 'append' | 'scheduleWake' | 'prefix'>;
  /** The last message of the log that is about to go. */
  readonly through: number;
  /** The server's clock, RFC 3339. */
  readonly now: string;
  /** Whether all live processes understand this version of the worker protocol. */
  readonly mayCarry: (protocol: number) => Promise<boolean>;
}

export type CarryOutcome =
  { readonly kind: 'unneeded' | 'carried' } | { readonly kind: 'held'; readonly first: number };

/**
 * Makes sure that a job does not need its events up to `through`: appends a JobCarried, and renews its call for work,
 * unless nothing can happen to the job any more or its history begins behind them.
 *
 * @returns `held` for a job that needs them and cannot be carried: this release cannot read all of it, or a live process would lose its
 * steps, its signals, or what it waits for. `first` is the sequence of its first event.
 * @throws ConcurrentAppendError after eight tries; what the log throws.
 */
export function carryJob(ref: JobRef, context: CarryContext): Promise<CarryOutcome> {
  return decideAgain(async () => {
    const stored = await context.eventLog.prefix.storedHistory(ref.jobId, ref.jobType);
    const job = fold(stored.events.map(({ event }) => event));
    const [first] = stored.events;
    if (first === undefined || !isNeeded(job, stored, context)) return { kind: 'unneeded' };
    const held = { kind: 'held', first: first.sequence } as const;
    if (job === undefined || job.unreadableEvents !== undefined) return held;
    if (!(await context.mayCarry(carryProtocol(job)))) return held;
    const isCarried = await carry(job, stored, context).catch(async (error: unknown) => {
      if (error instanceof ConcurrentAppendError) await restoreTimer(ref, context);
      throw error;
    });
    return isCarried ? { kind: 'carried' } : held;
  });
}

/**
 * Whether anything can still happen to the job, so that its events are needed. A completed job never changes again; a
 * failed or cancelled one may be retried until all of its events are old.
 */
function isNeeded(job: JobState, { events }: StoredHistory, { through }: CarryContext): boolean {
  if (lastOf(events, carryNames) > through) return false;
  if (events.some(({ event }) => event.event === 'UnreadableEvent')) return true;
  if (job === undefined || job.status === 'completed') return false;
  return !isTerminal(job.status) || (events.at(-1)?.sequence ?? 0) > through;
}

/**
 * The timer comes before the event: should this process die in between, the timer is one too many, and not one too few. So it is
 * set before a conflict is known, after which `restoreTimer` is called.
 *
 * @returns false for a job of which a foreign worker has recorded signals that it was never sent: it could not be read behind the event.
 */
async function carry(job: Job, stored: StoredHistory, { eventLog, now }: CarryContext): Promise<boolean> {
  const event = decide(
    {
      kind: 'CarryJob',
      eventId: randomUUID(),
      at: now,
      actor: { kind: 'keeper', id: 'keeper' },
      keepsCause: !isCalledByLog(job),
      ...(carrierOf(job) === 'JobCarried' ? {} : carriedEntries(stored)),
    },
    job,
  );
  if (isRejection(event)) return false;
  const at = leaseEnd(job, stored) ?? dispatchAt(job, stored, now);
  if (at !== undefined) await eventLog.scheduleWake({ jobId: job.id, jobType: job.type, priority: job.priority, at });
  await eventLog.append(event, stored.sequence);
  return true;
}

/**
 * Calls for work on a job that waits, in the place of a timer that was set for an earlier state: it may have replaced the one
 * that another process has set since, by a later one. One that comes too early is put off by whoever gets it.
 */
async function restoreTimer({ jobId, jobType }: JobRef, { eventLog, now }: CarryContext): Promise<void> {
  const { events } = await eventLog.prefix.storedHistory(jobId, jobType);
  const job = fold(events.map(({ event }) => event));
  if (job === undefined) return;
  const at = callAt(job, now);
  if (at !== undefined) await eventLog.scheduleWake({ jobId, jobType, priority: job.priority, at });
}

/** Whether the call for work by which an attempt runs is a message of the log, and about to go with it. */
function isCalledByLog({ status, startedBy }: Job): boolean {
  return status === 'processing' && startedBy?.startsWith('timer:') !== true;
}

/**
 * When a running attempt is surely over; undefined for a job without one. Also where a timer has called for it, whose message stays until
 * it is acknowledged: it may have been, if the attempt was begun by another delivery of it.
 */
function leaseEnd(job: Job, { events }: StoredHistory): string | undefined {
  if (job.status !== 'processing') return undefined;
  const started = events.findLast(({ event }) => event.event === 'JobStarted' || event.event === 'JobResumed');
  return attemptOverAt({ ...job, ...(started === undefined ? {} : { startedAt: started.recordedAt }) });
}

/**
 * When to call for work on a job that waits for a message of the log; undefined if its call is in TIMERS already. That of one that waits
 * within an attempt, which may be for months, is set again nevertheless.
 */
function dispatchAt(job: Job, { events }: StoredHistory, now: string): string | undefined {
  if (job.status !== 'waiting' && lastOf(events, workEventNames) < lastOf(events, carryNames)) return undefined;
  return callAt(job, now);
}

/** When to call for work on a job; undefined for one that does not wait for it. */
function callAt(job: Job, now: string): string | undefined {
  if (isTerminal(job.status) || job.status === 'processing') return undefined;
  return job.status === 'pending' ? now : wakeAt(job.runAt ?? now, job, now);
}

/** The sequence of the last event of these names, 0 if there is none. */
function lastOf(events: StoredHistory['events'], names: readonly string[]): number {
  return events.findLast(({ event }) => names.includes(event.event))?.sequence ?? 0;
}
