import { evolve } from '@jobstream/domain';
import type { JobState, LoggedEvent, ScheduleEvent } from '@jobstream/domain';
import type { LogPrefix, PrefixMessage } from '@jobstream/eventlog';

export interface JobRef {
  readonly jobId: string;
  readonly jobType: string;
}

/** The oldest messages of the log, as far as they are old enough. */
export interface PrefixChunk {
  /** The sequence of the last message; that before the chunk if there is none. */
  readonly last: number;
  /** The jobs with events in it that are not known to be completed by now. */
  readonly jobs: readonly JobRef[];
  /** The version of the newest definition of each schedule that was defined in it. */
  readonly definitions: ReadonlyMap<string, number>;
  /** The unique keys that were claimed in it, by jobs that are not known to be completed by now or for a time. */
  readonly keys: readonly string[];
  /** The message behind it, if this release cannot read it. */
  readonly unreadable?: number;
}

export interface ChunkLimits {
  /** The sequence of the first message. */
  readonly first: number;
  /** The last sequence that may be part of it. */
  readonly through: number;
  /** The last sequence that is read. Without it the reader would follow a busy log for as long as it grows. */
  readonly end: number;
  /** Younger messages are not part of it; milliseconds since 1970, by the server's clock. */
  readonly before: number;
  /** Messages that may be part of it. */
  readonly size: number;
}

interface KnownJob {
  readonly jobType: string;
  state: JobState;
  /** The sequence of its last event so far. */
  last: number;
  /** Of its first one that was not dropped. */
  readonly first: number;
}

const READ_COUNT = 8_000;
/** Messages behind a chunk that are read as well: nearly all jobs that began in it are completed there. */
const AHEAD = 10_000;

/**
 * Reads the log once, from its beginning, chunk by chunk, and a little further. It keeps the states of jobs of a chunk, so
 * that a job need not be looked up because it began in one and ended in the next. Rejects with LogUnavailableError.
 */
export class PrefixReader {
  readonly #prefix: Pick<LogPrefix, 'read' | 'storedAt'>;
  /** The last message that was read. */
  #position = 0;
  /** The sequence and the time of each message from the first one that was not dropped on. */
  #messages: { readonly sequence: number; readonly at: number }[] = [];
  #jobs = new Map<string, KnownJob>();
  #definitions: { readonly name: string; readonly version: number; readonly sequence: number }[] = [];
  #claims: { readonly key: string; readonly sequence: number; readonly jobId: string; readonly isTimed: boolean }[] =
    [];
  #unreadable: number | undefined;

  constructor(prefix: Pick<LogPrefix, 'read' | 'storedAt'>) {
    this.#prefix = prefix;
  }

  /** Returns the next messages that are old enough; reads nothing where there is none. */
  async next(limits: ChunkLimits, stop: AbortSignal): Promise<PrefixChunk> {
    this.drop(limits.first - 1);
    if (await this.#isAnyOld(limits))
      await this.#readTo(Math.min(limits.first + limits.size + AHEAD, limits.end), stop);
    const last = this.#lastOf(limits);
    const open = [...this.#jobs].filter(([, { first, state }]) => first <= last && state?.status !== 'completed');
    const defined = this.#definitions.filter(({ sequence }) => sequence <= last);
    return {
      last,
      jobs: open.map(([jobId, { jobType }]) => ({ jobId, jobType })),
      keys: this.#keysUpTo(last),
      definitions: new Map(defined.map(({ name, version }) => [name, version])),
      ...(this.#unreadable === last + 1 ? { unreadable: this.#unreadable } : {}),
    };
  }

  /** Forgets the messages up to this one, and jobs without later ones. */
  drop(through: number): void {
    if (through > this.#position) this.#position = through;
    this.#messages = this.#messages.filter(({ sequence }) => sequence > through);
    this.#definitions = this.#definitions.filter(({ sequence }) => sequence > through);
    this.#claims = this.#claims.filter(({ sequence }) => sequence > through);
    for (const [jobId, { last }] of this.#jobs) if (last <= through) this.#jobs.delete(jobId);
    if (this.#unreadable !== undefined && this.#unreadable <= through) this.#unreadable = undefined;
  }

  async #isAnyOld({ first, before }: ChunkLimits): Promise<boolean> {
    const oldest = this.#messages[0]?.at ?? (await this.#prefix.storedAt(first));
    return oldest !== undefined && oldest < before;
  }

  async #readTo(sequence: number, stop: AbortSignal): Promise<void> {
    while (this.#position < sequence) {
      stop.throwIfAborted();
      const messages = await this.#prefix.read(this.#position + 1, READ_COUNT);
      for (const message of messages) this.#add(message);
      if (messages.length === 0) return;
    }
  }

  #add(message: PrefixMessage): void {
    const { sequence, recordedAt } = message;
    this.#position = sequence;
    this.#messages.push({ sequence, at: Date.parse(recordedAt) });
    if (message.kind === 'job') this.#addJob(message.event, sequence);
    if (message.kind === 'schedule') this.#addSchedule(message.event, sequence);
    if (message.kind === 'claim') this.#addClaim(message, sequence);
    if (message.kind === 'newer') this.#unreadable ??= sequence;
  }

  /** Folded, since a message of a stranger that says `completed` must not make the job disappear. */
  #addJob(event: LoggedEvent, sequence: number): void {
    const { jobId, jobType } = event;
    const known = this.#jobs.get(jobId);
    const before = known?.state;
    const after = evolve(before, event);
    // Payloads would take much memory.
    const state = after === before ? before : after && { ...after, payload: null };
    if (known === undefined) this.#jobs.set(jobId, { jobType, state, first: sequence, last: sequence });
    else Object.assign(known, { state, last: sequence });
  }

  #addSchedule({ event, schedule: name, version }: ScheduleEvent, sequence: number): void {
    if (event === 'ScheduleCreated' || event === 'ScheduleUpdated') this.#definitions.push({ name, version, sequence });
  }

  #addClaim({ key, claim: { jobId, until } }: Extract<PrefixMessage, { kind: 'claim' }>, sequence: number): void {
    this.#claims.push({ key, sequence, jobId, isTimed: until !== undefined });
  }

  #keysUpTo(last: number): readonly string[] {
    const isOpen = (jobId: string) => this.#jobs.get(jobId)?.state?.status !== 'completed';
    const claims = this.#claims.filter(
      ({ sequence, jobId, isTimed }) => sequence <= last && (isTimed || isOpen(jobId)),
    );
    return [...new Set(claims.map(({ key }) => key))];
  }

  #lastOf({ first, through, before, size }: ChunkLimits): number {
    let last = first - 1;
    for (const { sequence, at } of this.#messages) {
      const isPart = sequence <= through && sequence < first + size && at < before && sequence !== this.#unreadable;
      if (!isPart) break;
      last = sequence;
    }
    return last;
  }
}
