import { protocolOf, type JobEventName } from '@jobstream/domain';
import type { JetStreamManager } from '@nats-io/jetstream';
import { within, type Connection } from '../connection/connection.ts';
import type { LogSink } from '../connection/logSink.ts';
import { WORKERS_STREAM } from '../streams/streams.ts';
import { KnownWorkers } from './knownWorkers.ts';
import { NewestMessages, type NewestMessage } from './messages/newestMessages.ts';
import { PolledMessages } from './messages/polledMessages.ts';
import type { WorkerHeartbeat } from './workerHeartbeat.ts';

export interface LiveProcessesOptions {
  readonly connection: Connection;
  readonly manager: JetStreamManager;
  readonly sink: LogSink;
  /** Whether heartbeats are followed with a consumer; otherwise they are read every two seconds. */
  readonly createsConsumers: boolean;
}

/** Until then it is known in nearly every case which processes live; if not, nothing new may be written yet. */
const START_MS = 2_000;

/**
 * Knows which events all live processes understand: API, workers and projectors, by their heartbeats. Ask it before an
 * event is written that an earlier release does not have.
 *
 *     const processes = await log.announcements.openLiveProcesses();
 *     if (processes.canWrite('JobCarried')) await log.append(carried, sequence);
 */
export class LiveProcesses {
  readonly #known: KnownWorkers;
  readonly #heartbeats: NewestMessages | PolledMessages;

  constructor({ createsConsumers, ...options }: LiveProcessesOptions) {
    this.#known = new KnownWorkers(options.sink, () => undefined);
    const heartbeats = {
      ...options,
      stream: WORKERS_STREAM,
      onMessage: (message: NewestMessage) => this.#known.apply(message),
      onSubjects: (subjects: ReadonlySet<string>) => this.#known.retain(subjects),
    };
    this.#heartbeats = createsConsumers ? new NewestMessages(heartbeats) : new PolledMessages(heartbeats);
  }

  /** Resolves once all live processes are known, or after 2 s. */
  async start(): Promise<void> {
    await within(START_MS, this.#heartbeats.start());
  }

  stop(): Promise<void> {
    return this.#heartbeats.stop();
  }

  /** Whether every live process understands the event; see `allUnderstand`. */
  canWrite(event: JobEventName): boolean {
    return this.allUnderstand(protocolOf(event));
  }

  /**
   * Whether every live process understands this version of the worker protocol. Ask it before a field is written that an earlier
   * release would lose. False while that is not known: without announcements, and while they cannot be followed. Ask again some
   * seconds later; a process counts as gone 12 s after its last heartbeat. A process that does not announce itself, as in
   * releases up to 0.1, is not seen.
   */
  allUnderstand(protocol: number): boolean {
    const isKnown = this.#heartbeats.isCurrent && this.#known.heartbeats().length > 0;
    return isKnown && this.olderThan(protocol).length === 0;
  }

  /** Returns the heartbeats of the live processes that do not understand this version of the worker protocol, as far as they are known. */
  olderThan(version: number): readonly WorkerHeartbeat[] {
    return this.#known.heartbeats().filter(({ protocol = 1 }) => protocol < version);
  }
}
