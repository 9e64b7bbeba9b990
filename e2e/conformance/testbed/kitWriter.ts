import {
  decide,
  defaultBackoff,
  encodeJobEvent,
  evolve,
  isRejection,
  type JobCommand,
  type JobCommandOf,
  type JobEvent,
  type JobState,
} from '@jobstream/domain';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { subjectOf, traceOf } from './logMessage.ts';

type Envelope = 'eventId' | 'at' | 'actor' | 'correlationId';
type WithoutEnvelope<Command> = Command extends JobCommand ? Omit<Command, Envelope> : never;
/** A command without what every command has. */
export type KitCommand = WithoutEnvelope<JobCommand>;

export type NewJob = Partial<Omit<JobCommandOf<'CreateJob'>, Envelope | 'kind' | 'jobId' | 'jobType'>> & {
  /** RFC 3339; default: now. */
  readonly createdAt?: string;
};

interface Expectation {
  readonly expected: number;
  readonly filter: string;
}

export const JOB_TYPE = 'conformance';
/** The name under which the kit writes into the log, in the part of the API or of a worker. */
export const KIT = 'conformance-kit';

/** Writes into the log what the API or another worker would, with plain publishes. */
export class KitWriter {
  readonly #nats: NatsConnection;
  readonly #written = new Map<number, string>();

  constructor(nats: NatsConnection) {
    this.#nats = nats;
  }

  /** Whether the kit wrote the message with this sequence. */
  wrote(sequence: number): boolean {
    return this.#written.has(sequence);
  }

  /** The sequences of what the kit wrote about a job. */
  sequencesOf(jobId: string): number[] {
    return [...this.#written].flatMap(([sequence, subject]) => (subject.split('.')[2] === jobId ? [sequence] : []));
  }

  async create(payload: unknown, { createdAt, ...options }: NewJob): Promise<string> {
    const jobId = crypto.randomUUID();
    const defaults = { maxAttempts: 5, backoff: defaultBackoff, timeoutMs: 120_000, tags: [] };
    await this.record(
      { kind: 'CreateJob', jobId, jobType: JOB_TYPE, payload, ...defaults, ...options },
      { state: undefined, sequence: 0, now: createdAt },
    );
    return jobId;
  }

  /** Decides on the state and appends; returns the state after it. Rejects when the rules or the stream refuse it. */
  async record(
    command: KitCommand,
    at: { readonly state: JobState; readonly sequence: number; readonly now?: string | undefined },
  ): Promise<{ state: JobState; sequence: number; event: JobEvent }> {
    const kind = 'attempt' in command || command.kind === 'StartAttempt' ? 'worker' : 'api';
    const envelope = {
      eventId: crypto.randomUUID(),
      at: at.now ?? new Date().toISOString(),
      actor: { kind, id: KIT },
    } as const;
    const event = decide({ ...command, ...envelope }, at.state);
    if (isRejection(event)) throw new Error(`the kit's ${command.kind} was refused: ${event.detail}`);
    const type = event.event === 'JobCreatedWithPriority' ? '*' : event.jobType;
    const sequence = await this.publish(subjectOf(event), encodeJobEvent(event), {
      expected: at.sequence,
      filter: `jobs.${type}.${event.jobId}.>`,
      jobId: event.jobId,
    });
    return { state: evolve(at.state, event), sequence, event };
  }

  /** Publishes to a stream, in the trace of a job if told, and returns the sequence. */
  async publish(
    subject: string,
    body: string,
    expect: Partial<Expectation> & { readonly jobId?: string } = {},
  ): Promise<number> {
    const lines = headers();
    const { expected, filter, jobId } = expect;
    if (expected !== undefined) lines.set('Nats-Expected-Last-Subject-Sequence', String(expected));
    if (filter !== undefined) lines.set('Nats-Expected-Last-Subject-Sequence-Subject', filter);
    if (jobId !== undefined) lines.set('traceparent', `00-${traceOf(jobId)}-00f067aa0ba902b7-01`);
    const answer = await this.#nats.request(subject, body, { headers: lines, timeout: 10_000 });
    const { seq, error } = answer.json<{ seq?: number; error?: { description: string } }>();
    if (seq === undefined || error !== undefined)
      throw new Error(`the stream refused ${subject}: ${error?.description}`);
    if (subject.startsWith('jobs.')) this.#written.set(seq, subject);
    return seq;
  }
}
