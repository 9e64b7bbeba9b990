import { isDeepStrictEqual } from 'node:util';
import { decide, evolve, isRejection } from '@jobstream/domain';
import type { Decision, Job, JobCommand, JobEvent, RecordedStep, Signal } from '@jobstream/domain';
import { ConcurrentAppendError, EventTooLargeError, LogUnavailableError } from '@jobstream/eventlog';
import type { EventLog, JobSnapshot } from '@jobstream/eventlog';
import type { Clock } from './clock.ts';
import { isUnavailable, retryAfter, retryUntilAvailable } from './retryUntilAvailable.ts';

type Envelope = 'eventId' | 'at' | 'actor' | 'causationId' | 'correlationId';
type WithoutEnvelope<Command> = Command extends JobCommand ? Omit<Command, Envelope> : never;
/** A command without its envelope, which the chain adds: id, time, actor and cause. */
export type AttemptCommand = WithoutEnvelope<JobCommand>;

interface AppendContext {
  readonly eventLog: Pick<EventLog, 'append' | 'readJob'>;
  readonly closing: AbortSignal;
}

/** Appends of one event behind messages of strangers, before the attempt is given up. */
const MAX_TRIES = 100;

/** What the message that started an attempt says about it. */
interface Cause {
  readonly causationId: string;
  /** An instant that the server's clock has reached. */
  readonly dueAt?: string | undefined;
}

interface ChainContext extends AppendContext {
  readonly clock: Clock;
  readonly workerName: string;
}

/**
 * The events of one job as this worker continues them: each append expects the sequence of the one before it. Appends
 * are made one after the other, also behind messages of strangers; after the first that fails (the job has moved on, or the log stayed unavailable
 * until the worker closed) all further ones fail alike.
 */
export class JobChain {
  readonly #context: ChainContext;
  readonly #cause: Cause;
  #job: Job;
  #steps: readonly RecordedStep[] | undefined;
  #signals: readonly Signal[] | undefined;
  #sequence: number;
  /** Commands that have no decision yet, and reads that have not ended; the last one among them. */
  #open = 0;
  #last: Promise<unknown> | undefined;
  #broken: { readonly error: unknown } | undefined;

  constructor({ job, sequence, steps, signals }: JobSnapshot, cause: Cause, context: ChainContext) {
    this.#job = job;
    this.#steps = steps;
    this.#signals = signals;
    this.#sequence = sequence;
    this.#cause = cause;
    this.#context = context;
  }

  /** The job after all that was appended so far. */
  get job(): Job {
    return this.#job;
  }

  /** The steps that the job had when it was read, each as it was recorded last. */
  get steps(): readonly RecordedStep[] {
    return this.#steps ?? [];
  }

  /** The signals that no step had read when the job was read last, oldest first. */
  get signals(): readonly Signal[] {
    return this.#signals ?? [];
  }

  /** The sequence of the last event that was appended or that the chain began with. */
  get sequence(): number {
    return this.#sequence;
  }

  /**
   * Decides on the state as earlier appends leave it, and appends the event.
   * @throws ConcurrentAppendError when the job has moved on.
   */
  record(command: AttemptCommand): Promise<Decision> {
    return this.#inTurn(() => this.#record(command));
  }

  /**
   * Reads what others have appended to the job, such as signals, as long as it is in this attempt; else the next append tells.
   * @throws LogUnavailableError when the worker closes while the log is unavailable.
   */
  refresh(): Promise<void> {
    return this.#inTurn(() => this.#refresh());
  }

  #inTurn<Result>(turn: () => Promise<Result>): Promise<Result> {
    const earlier = this.#open === 0 ? undefined : this.#last;
    this.#open++;
    const taken = earlier === undefined ? turn() : earlier.then(turn, turn);
    this.#last = taken;
    return taken;
  }

  async #refresh(): Promise<void> {
    try {
      const { id, type } = this.#job;
      const found = await retryUntilAvailable(() => this.#context.eventLog.readJob(id, type), this.#context.closing);
      if (found !== undefined && found.sequence > this.#sequence && isSameAttempt(found.job, this.#job))
        this.#goOnFrom(found);
    } finally {
      this.#open--;
    }
  }

  #goOnFrom({ job, steps, signals, sequence }: JobSnapshot): void {
    this.#job = job;
    this.#steps = steps;
    this.#signals = signals;
    this.#sequence = sequence;
  }

  async #record(command: AttemptCommand): Promise<Decision> {
    try {
      const decision = decide(this.#complete(command), this.#job);
      if (isRejection(decision)) return decision;
      if (this.#broken !== undefined) throw this.#broken.error;
      let event = decision;
      // Tried here first, since promises around promises are a notable part of an attempt's cost.
      try {
        this.#sequence = await this.#context.eventLog.append(event, this.#sequence);
      } catch (failure) {
        event = await this.#appendAgain(event, failure);
      }
      this.#job = evolve(this.#job, event) ?? this.#job;
      return event;
    } catch (error) {
      // An event that is too large was not sent, so the chain goes on from where it was.
      if (!(error instanceof EventTooLargeError)) this.#broken ??= { error };
      throw error;
    } finally {
      this.#open--;
    }
  }

  /** Appends an event whose append failed, as soon as the log takes it, and behind what does not end the attempt. */
  async #appendAgain(decided: JobEvent, failure: unknown): Promise<JobEvent> {
    let error = failure;
    let event = decided;
    if (isUnavailable(failure)) {
      try {
        this.#sequence = await appendUntilSettled(event, this.#sequence, this.#context, { failure });
        return event;
      } catch (next) {
        error = next;
      }
    }
    for (let tries = 1; error instanceof ConcurrentAppendError && tries < MAX_TRIES; tries += 1) {
      if (await this.#catchUp(error, event)) return event;
      event = { ...decided, version: this.#job.version + 1 };
      try {
        this.#sequence = await appendUntilSettled(event, this.#sequence, this.#context, { mayBeStored: true });
        return event;
      } catch (next) {
        error = next;
      }
    }
    throw error;
  }

  /**
   * Goes on behind the job's last message if the job is still as this chain left it, or its attempt still
   * runs behind events of others; else throws `conflict`. What a newer release has appended may have ended the attempt. Returns
   * true if the event is in the log: it was its own earlier try that came first.
   */
  async #catchUp(conflict: ConcurrentAppendError, event: JobEvent): Promise<boolean> {
    const { eventLog, closing } = this.#context;
    const { id, type, version } = this.#job;
    const found = await retryUntilAvailable(() => eventLog.readJob(id, type), closing);
    if (found === undefined) throw conflict;
    const own = found.sequences?.get(event.id);
    if (own !== undefined) this.#sequence = own;
    // What came first is not shown yet, see `sequenceAfter`: the next try tells.
    if (own !== undefined || found.sequence <= this.#sequence) return own !== undefined;
    if (found.job.version !== version && !isSameAttempt(found.job, this.#job)) throw conflict;
    // Of an attempt that runs, only what carries the job replaces the calls.
    const isCarried = (found.calledFrom ?? 0) > this.#sequence;
    this.#goOnFrom(found);
    return isCarried && hasReported(event, found.job);
  }

  #complete(command: AttemptCommand): JobCommand {
    const { clock, workerName } = this.#context;
    const { causationId, dueAt } = this.#cause;
    return {
      ...command,
      eventId: clock.newId(),
      at: laterOf(clock.now(), dueAt),
      actor: { kind: 'worker', id: workerName },
      causationId,
    };
  }
}

/**
 * Whether the event is a report of progress, or of steps, that the JobCarried has: its own earlier try was stored, and the log has lost
 * it since. Other events of an attempt end it, so that a job cannot be carried behind them and still be in it.
 */
function hasReported({ event, data }: JobEvent, { progress, stepsRecorded = 0 }: Job): boolean {
  if (event === 'JobStepsRecorded') return stepsRecorded > data.from;
  if (event !== 'JobProgressed') return false;
  const { attempt: _attempt, ...reported } = data;
  return isDeepStrictEqual(reported, progress);
}

/** The later of two instants. */
export function laterOf(now: string, dueAt: string | undefined): string {
  return dueAt !== undefined && Date.parse(dueAt) > Date.parse(now) ? dueAt : now;
}

/** A worker's name and the time tell attempts apart whose numbers are the same, as after a requeue. */
function isSameAttempt(found: Job, known: Job): boolean {
  const same = (field: 'attempt' | 'worker' | 'startedAt') => found[field] === known[field];
  return (
    found.unreadableEvents === undefined &&
    found.status === 'processing' &&
    known.status === 'processing' &&
    same('attempt') &&
    same('worker') &&
    same('startedAt')
  );
}

/**
 * Appends and returns the sequence, however long the log is unavailable (until the worker closes). A try whose outcome
 * stayed unknown may have been stored, and then it is our own event that the next try conflicts with: the history tells.
 * `mayBeStored`: there was such a try before; `failure`: why the last one failed.
 */
export function appendUntilSettled(
  event: JobEvent,
  expectedSequence: number,
  context: AppendContext,
  { failure, mayBeStored = failure !== undefined }: { readonly failure?: unknown; readonly mayBeStored?: boolean } = {},
): Promise<number> {
  let isFirst = !mayBeStored;
  const append = () => {
    const appended = context.eventLog.append(event, expectedSequence);
    if (!isFirst) return appended.catch((error: unknown) => sequenceAfter(error, { event, expectedSequence }, context));
    isFirst = false;
    return appended;
  };
  if (failure !== undefined) return retryAfter(failure, append, context.closing);
  return retryUntilAvailable(append, context.closing);
}

/**
 * Looks whether it is the event itself that its append conflicts with. A leader of a replicated log, above all a new one,
 * also refuses an append for one that is on its way and that it does not show yet, perhaps our own earlier try: then only
 * another try can tell.
 */
async function sequenceAfter(
  conflict: unknown,
  { event, expectedSequence }: { readonly event: JobEvent; readonly expectedSequence: number },
  { eventLog }: AppendContext,
): Promise<number> {
  if (!(conflict instanceof ConcurrentAppendError)) throw conflict;
  const found = await eventLog.readJob(event.jobId, event.jobType);
  const own = found?.sequences?.get(event.id);
  if (own !== undefined) return own;
  if (found !== undefined && found.sequence > expectedSequence) throw conflict;
  throw new LogUnavailableError('it does not show yet what an append conflicts with', { cause: conflict });
}
