import { decide, evolve, isRejection } from '@jobstream/domain';
import type { Decision, Job, JobCommand } from '@jobstream/domain';
import { EventTooLargeError } from '@jobstream/eventlog';
import type { JobSnapshot } from '@jobstream/eventlog';
import type { WorkerContext } from '../workerContext.ts';
import { appendSettled } from './appendSettled.ts';

type Envelope = 'eventId' | 'at' | 'actor' | 'causationId' | 'correlationId';
type WithoutEnvelope<Command> = Command extends JobCommand ? Omit<Command, Envelope> : never;
/** A command as a step of the attempt words it; the chain adds who, when and why. */
export type AttemptCommand = WithoutEnvelope<JobCommand>;

/**
 * The events of one job as this worker continues them: each append expects the sequence of the one before it. Appends
 * are made one after the other, and after the first that fails (the job has moved on, or the log stayed away until the
 * worker closed) all further ones fail alike.
 */
export class JobChain {
  readonly #context: WorkerContext;
  readonly #causationId: string;
  #job: Job;
  #sequence: number;
  /** Commands that have no decision yet, the last one among them. */
  #open = 0;
  #last: Promise<Decision> | undefined;
  #broken: { readonly error: unknown } | undefined;

  constructor({ job, sequence }: JobSnapshot, causationId: string, context: WorkerContext) {
    this.#job = job;
    this.#sequence = sequence;
    this.#causationId = causationId;
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

  /** Decides on the state as earlier appends leave it, and appends. ConcurrentAppendError: the job has moved on. */
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
      this.#sequence = await appendSettled(decision, this.#sequence, this.#context);
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

  #complete(command: AttemptCommand): JobCommand {
    const { clock, workerName } = this.#context;
    return {
      ...command,
      eventId: clock.newId(),
      at: clock.now(),
      actor: { kind: 'worker', id: workerName },
      causationId: this.#causationId,
    };
  }
}
