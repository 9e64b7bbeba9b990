import { decide, evolve, isRejection } from '@jobstream/domain';
import type { Decision, Job, JobCommand, JobEvent } from '@jobstream/domain';
import { ConcurrentAppendError, EventTooLargeError } from '@jobstream/eventlog';
import type { EventLog, JobSnapshot } from '@jobstream/eventlog';
import type { Clock } from './clock.ts';
import { retryUntilAvailable } from './retryUntilAvailable.ts';

type Envelope = 'eventId' | 'at' | 'actor' | 'causationId' | 'correlationId';
type WithoutEnvelope<Command> = Command extends JobCommand ? Omit<Command, Envelope> : never;
/** A command without its envelope, which the chain adds: id, time, actor and cause. */
export type AttemptCommand = WithoutEnvelope<JobCommand>;

interface AppendContext {
  readonly eventLog: Pick<EventLog, 'append' | 'readHistory'>;
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
  readonly eventLog: Pick<EventLog, 'append' | 'readHistory' | 'readJob'>;
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
  #sequence: number;
  /** Commands that have no decision yet, the last one among them. */
  #open = 0;
  #last: Promise<Decision> | undefined;
  #broken: { readonly error: unknown } | undefined;

  constructor({ job, sequence }: JobSnapshot, cause: Cause, context: ChainContext) {
    this.#job = job;
    this.#sequence = sequence;
    this.#cause = cause;
    this.#context = context;
  }

  /** The job after all that was appended so far. */
  get job(): Job {
    return this.#job;
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
    const turn = () => this.#record(command);
    const earlier = this.#open === 0 ? undefined : this.#last;
    this.#open++;
    this.#last = earlier === undefined ? turn() : earlier.then(turn, turn);
    return this.#last;
  }

  async #record(command: AttemptCommand): Promise<Decision> {
    try {
      const decision = decide(this.#complete(command), this.#job);
      if (isRejection(decision)) return decision;
      if (this.#broken !== undefined) throw this.#broken.error;
      this.#sequence = await appendUntilSettled(decision, this.#sequence, this.#context).catch((error: unknown) =>
        this.#appendBehind(decision, error),
      );
      this.#job = evolve(this.#job, decision) ?? this.#job;
      return decision;
    } catch (error) {
      // An event that is too large was not sent, so the chain goes on from where it was.
      if (!(error instanceof EventTooLargeError)) this.#broken ??= { error };
      throw error;
    } finally {
      this.#open--;
    }
  }

  /** Appends an event whose append failed behind messages that are no events of the job, if these were the reason. */
  async #appendBehind(event: JobEvent, failure: unknown): Promise<number> {
    let error = failure;
    for (let tries = 1; error instanceof ConcurrentAppendError && tries < MAX_TRIES; tries += 1) {
      this.#sequence = await this.#sequenceUnlessMovedOn(error);
      try {
        return await appendUntilSettled(event, this.#sequence, this.#context);
      } catch (next) {
        error = next;
      }
    }
    throw error;
  }

  /** Returns the sequence of the job's last message if the job is still as this chain left it; else throws `conflict`. */
  async #sequenceUnlessMovedOn(conflict: ConcurrentAppendError): Promise<number> {
    const { eventLog, closing } = this.#context;
    const { id, type, version } = this.#job;
    const found = await retryUntilAvailable(() => eventLog.readJob(id, type), closing);
    if (found?.job.version !== version || found.sequence <= this.#sequence) throw conflict;
    return found.sequence;
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

function laterOf(now: string, dueAt: string | undefined): string {
  return dueAt !== undefined && Date.parse(dueAt) > Date.parse(now) ? dueAt : now;
}

/**
 * Appends and returns the sequence, however long the log is unavailable (until the worker closes). A try whose outcome
 * stayed unknown may have been stored, and then it is our own event that the next try conflicts with: the history tells.
 */
export function appendUntilSettled(event: JobEvent, expectedSequence: number, context: AppendContext): Promise<number> {
  let tries = 0;
  return retryUntilAvailable(() => {
    tries += 1;
    const appended = context.eventLog.append(event, expectedSequence);
    return tries === 1 ? appended : appended.catch((error: unknown) => sequenceAfter(error, event, context));
  }, context.closing);
}

async function sequenceAfter(conflict: unknown, event: JobEvent, { eventLog }: AppendContext): Promise<number> {
  if (!(conflict instanceof ConcurrentAppendError)) throw conflict;
  const history = await eventLog.readHistory(event.jobId);
  const own = history.find((recorded) => recorded.event.id === event.id);
  if (own === undefined) throw conflict;
  return own.sequence;
}
