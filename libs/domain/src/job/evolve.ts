import type { Job, JobState, JobStatus } from './job.ts';
import type { begin } from './beginnings.ts';
import { isCarry, isCreation, type JobEvent, type JobEventOf, type LoggedEvent } from './jobEvent.ts';
import type { CarryName, CreationName } from './jobEventNames.ts';
import { jobEvents } from './jobEvents.ts';
import { countsOf } from './settings/signals.ts';

/** The parts of a definition that the fold needs, for whichever event. */
interface Transition {
  readonly legalIn: readonly string[];
  readonly fits: (job: Job, data: JobEvent['data']) => boolean;
  readonly evolve: (job: Job, event: JobEvent) => Job;
}

/** Statuses in which an attempt is left. */
const AWAIT_ATTEMPT: ReadonlySet<JobStatus> = new Set(['scheduled', 'pending', 'retrying']);

/**
 * Returns the state after an event. Pure and total: it ignores events that are illegal in the current state, of another
 * version than the next, or of another job or type. Writers that keep to the protocol cannot append such an event, and one
 * that does not must not be able to change a job's outcome, e.g. by storing an earlier event again. An event of a newer
 * release is passed by, and marks the job.
 */
export function evolve(state: JobState, event: LoggedEvent): JobState {
  if (state === undefined) return isCreation(event) ? created(event) : isCarry(event) ? carried(event) : undefined;
  if (isCarry(event)) return carry(state, event);
  if (!isNext(event, state)) return state;
  if (event.event === 'UnreadableEvent') return passBy(state, event);
  const transition = jobEvents[event.event] as Transition;
  if (!transition.legalIn.includes(state.status)) return state;
  if (!transition.fits(state, event.data)) return state;
  return { ...transition.evolve(state, event), version: state.version + 1, updatedAt: event.at };
}

/**
 * The job as it was, or as the event has it where some events before it are not known any more. A copy of an earlier
 * one, which a stranger stored, changes nothing.
 */
function carry(state: Job, event: JobEventOf<CarryName>): JobState {
  if (event.jobId !== state.id || event.jobType !== state.type || event.version <= state.version) return state;
  if (event.version > state.version + 1) return carriedBehindGap(state, event) ?? state;
  const { legalIn, fits, evolve: carriedOn } = jobEvents[event.event] as Transition;
  if (!legalIn.includes(state.status) || !fits(state, event.data)) return state;
  return { ...carriedOn(state, event), version: event.version };
}

/**
 * As `carried`, where events are missing between the creation and the JobCarried: of what the creation set nothing but the
 * payload and the priority can have changed.
 */
function carriedBehindGap(state: Job, event: JobEventOf<CarryName>): JobState {
  if (state.status === 'completed') return undefined;
  const { idempotencyKey: _key, fingerprint: _fingerprint, rerunOf: _rerunOf, byDefinition: _by, ...rest } = event.data;
  const { unique: _unique, uniqueKey: _uniqueKey, ...data } = rest;
  const { tenant: _tenant, ...envelope } = event;
  const { maxAttempts, backoff, timeoutMs, byDefinition, tags, createdAt } = state;
  const { idempotencyKey, fingerprint, rerunOf, unique, uniqueKey, tenant } = state;
  return carried({
    ...envelope,
    ...(tenant === undefined ? {} : { tenant }),
    data: {
      ...data,
      maxAttempts,
      backoff,
      timeoutMs,
      tags,
      createdAt,
      ...(byDefinition === undefined ? {} : { byDefinition }),
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      ...(fingerprint === undefined ? {} : { fingerprint }),
      ...(rerunOf === undefined ? {} : { rerunOf }),
      ...(unique === undefined ? {} : { unique }),
      ...(uniqueKey === undefined ? {} : { uniqueKey }),
    },
  } as JobEventOf<CarryName>);
}

/** The job where the events before the JobCarried are gone: the same as with them. None of a state that no job has. */
function carried({ jobId: id, jobType: type, version, tenant, data }: JobEventOf<CarryName>): JobState {
  if (data.status === 'completed' || data.attempt < 0 || data.attempt > data.maxAttempts) return undefined;
  if (data.status === 'waiting' && data.attempt === 0) return undefined;
  if (AWAIT_ATTEMPT.has(data.status) && data.attempt === data.maxAttempts) return undefined;
  return { ...withoutEntries(data), id, type, version, ...(tenant === undefined ? {} : { tenant }) };
}

/** The steps and the signals themselves are no part of the state: see foldSteps.ts and foldSignals.ts. */
function withoutEntries(data: JobEventOf<CarryName>['data']): Omit<Job, 'id' | 'type' | 'version'> {
  if (!('steps' in data)) return data;
  const { steps: _steps, signals = [], stepsRecorded = 0, ...rest } = data;
  return { ...rest, ...(stepsRecorded === 0 ? {} : { stepsRecorded }), ...countsOf(signals) };
}

/** What this release does not understand may have changed anything, so whoever decides must see the mark. */
function passBy(state: Job, { version }: LoggedEvent): Job {
  return { ...state, version, unreadableEvents: (state.unreadableEvents ?? 0) + 1 };
}

function created(event: JobEventOf<CreationName>): JobState {
  return event.version === 1 ? (jobEvents[event.event].evolve as typeof begin)(undefined, event) : undefined;
}

function isNext({ version, jobId, jobType }: LoggedEvent, state: Job): boolean {
  return version === state.version + 1 && jobId === state.id && jobType === state.type;
}

/** The state after a whole history, oldest event first. */
export function fold(events: Iterable<LoggedEvent>): JobState {
  let state: JobState;
  for (const event of events) state = evolve(state, event);
  return state;
}

/** What a history came to: the state of its job, and those of its entries that have changed it, without those that the fold ignores. */
export interface FoldedHistory<Entry> {
  readonly job: JobState;
  readonly changes: readonly Entry[];
}

/** As `fold`, and tells which entries the fold has not ignored. */
export function foldHistory<Entry extends { readonly event: LoggedEvent }>(
  history: readonly Entry[],
): FoldedHistory<Entry> {
  let job: JobState;
  const changes = history.filter(({ event }) => {
    const before = job;
    job = evolve(before, event);
    return job !== before;
  });
  return { job, changes };
}
