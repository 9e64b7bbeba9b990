import {
  isCarry,
  isCreation,
  type JobError,
  type JobEvent,
  type JobEventData,
  type JobEventName,
} from '@jobstream/client';

/** How an attempt ended; `lost` when the next one began without a word of it. */
type Outcome = 'completed' | 'failed' | 'retrying' | 'released' | 'cancelled' | 'lost';

/** A wait for a signal has no time limit where the job would look again only after such a long time. */
const UNLIMITED_MS = 365 * 86_400_000;

/** A sleep within an attempt, or a wait for signals. */
export interface Sleep {
  readonly from: number;
  /** Left out for a wait without a time limit. */
  readonly dueAt?: number;
  /** The names of the signals for which it waits. */
  readonly signals?: readonly string[];
  /** When the attempt went on. */
  readonly to?: number;
}

/** A wait and the attempt after it. Times are in milliseconds. */
export interface Lane {
  readonly waitsFrom: number;
  /** Until when it has to wait: the time of a delay or a retry. */
  readonly dueAt?: number;
  readonly attempt?: number;
  /** How often the job had been retried by hand before: each time its attempts begin at one. */
  readonly retries?: number;
  readonly worker?: string;
  /** The release of its program. */
  readonly workerVersion?: string;
  readonly startedAt?: number;
  /** Its sleeps, oldest first. */
  readonly sleeps?: readonly Sleep[];
  readonly endedAt?: number;
  readonly outcome?: Outcome;
  readonly error?: JobError;
}

/**
 * Arranges the history of a job by attempts, each with the wait before it. The clocks of an API and of workers differ a
 * little: what happened later is never shown before.
 */
export function lanesOf(events: readonly JobEvent[]): readonly Lane[] {
  const lanes: Lane[] = [];
  for (const event of events) lanes.push(...after(lanes.pop(), event));
  return lanes;
}

type Evolve = {
  readonly [Name in JobEventName]: ((lane: Lane, at: number, data: JobEventData[Name]) => readonly Lane[]) | undefined;
};

/** The last lane after an event, and the one that the event begins; undefined for events that change none. */
const AFTER: Evolve = {
  JobStarted: started,
  JobSuspended: (lane, at, { until, signals }) => [
    { ...lane, sleeps: [...(lane.sleeps ?? []), sleepOf(at, Date.parse(until), signals)] },
  ],
  JobResumed: resumed,
  JobCompleted: (lane, at) => [{ ...lane, endedAt: at, outcome: 'completed' }],
  JobFailed: (lane, at, { error }) => [{ ...lane, endedAt: at, outcome: 'failed', error }],
  JobCancelled: (lane, at) => [{ ...lane, endedAt: at, outcome: 'cancelled' }],
  JobRetryScheduled: (lane, at, { error, retryAt }) => [
    { ...lane, endedAt: at, outcome: 'retrying', error },
    { ...nextTo(lane, at), dueAt: Date.parse(retryAt) },
  ],
  JobReleased: (lane, at) => [{ ...lane, endedAt: at, outcome: 'released' }, nextTo(lane, at)],
  JobRequeued: requeued,
  JobRequeuedWithPriority: requeued,
  JobRevised: (lane, _at, { runAt }) => [runAt === undefined ? lane : { ...lane, dueAt: Date.parse(runAt) }],
  JobCreated: undefined,
  JobCreatedWithPriority: undefined,
  JobPriorityChanged: undefined,
  JobProgressed: undefined,
  JobStepsRecorded: undefined,
  JobDueNow: undefined,
  JobPayloadChanged: undefined,
  JobSignalled: undefined,
  JobCarried: undefined,
  JobCarriedWithSteps: undefined,
  JobCarriedWaiting: undefined,
};

function after(lane: Lane | undefined, event: JobEvent): readonly Lane[] {
  if (lane === undefined) return [firstLane(event, Date.parse(event.at))];
  const at = Math.max(Date.parse(event.at), lastMomentOf(lane));
  const evolve = AFTER[event.event] as ((lane: Lane, at: number, data: unknown) => readonly Lane[]) | undefined;
  return evolve?.(lane, at, event.data) ?? [lane];
}

function lastMomentOf({ waitsFrom, startedAt, sleeps, endedAt }: Lane): number {
  const sleep = sleeps?.at(-1);
  return endedAt ?? sleep?.to ?? sleep?.from ?? startedAt ?? waitsFrom;
}

function firstLane(event: JobEvent, at: number): Lane {
  if (event.event === 'JobCarriedWaiting') return sleepingLane(event.data);
  if (isCarry(event)) return { waitsFrom: Date.parse(event.data.createdAt) };
  const runAt = isCreation(event) ? event.data.runAt : undefined;
  return { waitsFrom: at, ...(runAt === undefined ? {} : { dueAt: Date.parse(runAt) }) };
}

/** Of an attempt whose first events are missing: when it began is not known, but when it last went on. */
function sleepingLane(data: JobEventData['JobCarriedWaiting']): Lane {
  const {
    attempt,
    worker,
    workerVersion,
    createdAt,
    startedAt = createdAt,
    updatedAt,
    runAt = updatedAt,
    awaits,
  } = data;
  return {
    waitsFrom: Date.parse(createdAt),
    startedAt: Date.parse(startedAt),
    attempt,
    ...(worker === undefined ? {} : { worker }),
    ...(workerVersion === undefined ? {} : { workerVersion }),
    sleeps: [sleepOf(Date.parse(updatedAt), Date.parse(runAt), awaits)],
  };
}

function sleepOf(from: number, dueAt: number, signals: readonly string[] = []): Sleep {
  if (signals.length === 0) return { from, dueAt };
  return { from, signals, ...(dueAt - from > UNLIMITED_MS ? {} : { dueAt }) };
}

function requeued(lane: Lane, at: number): readonly Lane[] {
  return [lane, { waitsFrom: at, retries: (lane.retries ?? 0) + 1 }];
}

/** The lane after an attempt that no retry by hand has followed. */
function nextTo({ retries }: Lane, at: number): Lane {
  return { waitsFrom: at, ...(retries === undefined ? {} : { retries }) };
}

/** Of several workers that an attempt has had, the last is named. */
function resumed(lane: Lane, at: number, data: JobEventData['JobResumed']): readonly Lane[] {
  const { workerVersion: _version, sleeps = [], startedAt = at, ...rest } = lane;
  const last = sleeps.at(-1);
  const over = last === undefined ? [] : [...sleeps.slice(0, -1), { ...last, to: at }];
  return [{ ...rest, startedAt, ...runnerOf(data), sleeps: over }];
}

function runnerOf({ attempt, worker, workerVersion }: JobEventData['JobStarted']) {
  return { attempt, worker, ...(workerVersion === undefined ? {} : { workerVersion }) };
}

function started(lane: Lane, at: number, data: JobEventData['JobStarted']): readonly Lane[] {
  const begun = { startedAt: at, ...runnerOf(data) };
  if (lane.startedAt === undefined) return [{ ...lane, ...begun }];
  return [
    { ...lane, endedAt: at, outcome: 'lost' },
    { ...nextTo(lane, at), ...begun },
  ];
}
