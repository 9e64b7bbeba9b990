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
  /** The jobs with events in it, but those that it shows to be completed. */
  readonly jobs: readonly JobRef[];
  /** The version of the newest definition of each schedule that was defined in it. */
  readonly definitions: ReadonlyMap<string, number>;
  /** The message behind it, if this release cannot read it. */
  readonly unreadable?: number;
}

export interface ChunkLimits {
  /** The sequence of the first message to read. */
  readonly first: number;
  /** The last sequence that may be part of it. */
  readonly through: number;
  /** Younger messages are not part of it; milliseconds since 1970, by the server's clock. */
  readonly before: number;
  /** Messages that may be part of it. */
  readonly size: number;
}

const READ_COUNT = 2_000;

/** Reads the next messages of the log that are old enough. Rejects with LogUnavailableError. */
export async function readChunk(
  prefix: Pick<LogPrefix, 'read'>,
  limits: ChunkLimits,
  stop: AbortSignal,
): Promise<PrefixChunk> {
  const chunk = new ChunkBuilder(limits.first - 1);
  const isPart = ({ sequence, recordedAt }: PrefixMessage) =>
    sequence <= limits.through && sequence < limits.first + limits.size && Date.parse(recordedAt) < limits.before;
  for (let next = limits.first; ;) {
    stop.throwIfAborted();
    const messages = await prefix.read(next, READ_COUNT);
    for (const message of messages) {
      if (!isPart(message)) return chunk.built();
      if (message.kind === 'newer') return chunk.built(message.sequence);
      chunk.add(message);
    }
    const last = messages.at(-1)?.sequence;
    if (last === undefined) return chunk.built();
    next = last + 1;
  }
}

class ChunkBuilder {
  #last: number;
  readonly #jobs = new Map<string, { readonly jobType: string; state: JobState }>();
  readonly #definitions = new Map<string, number>();

  constructor(last: number) {
    this.#last = last;
  }

  add(message: PrefixMessage): void {
    this.#last = message.sequence;
    if (message.kind === 'job') this.#addJob(message.event);
    if (message.kind === 'schedule') this.#addSchedule(message.event);
  }

  built(unreadable?: number): PrefixChunk {
    const open = [...this.#jobs].filter(([, { state }]) => state?.status !== 'completed');
    const jobs = open.map(([jobId, { jobType }]) => ({ jobId, jobType }));
    return {
      last: this.#last,
      jobs,
      definitions: this.#definitions,
      ...(unreadable === undefined ? {} : { unreadable }),
    };
  }

  /** Folded, since a message of a stranger that says `completed` must not make the job disappear. */
  #addJob(event: LoggedEvent): void {
    const { jobId, jobType } = event;
    const known = this.#jobs.get(jobId)?.state;
    const state = evolve(known, event);
    // Payloads would take much memory.
    this.#jobs.set(jobId, { jobType, state: state === known ? known : state && { ...state, payload: null } });
  }

  #addSchedule({ event, schedule, version }: ScheduleEvent): void {
    if (event === 'ScheduleCreated' || event === 'ScheduleUpdated') this.#definitions.set(schedule, version);
  }
}
