import type { JetStreamManager } from '@nats-io/jetstream';
import { within, type Connection } from '../connection/connection.ts';
import type { LogSink } from '../connection/logSink.ts';
import { workerToken } from '../streams/announcementSubjects.ts';
import { TYPES_STREAM, WORKERS_STREAM } from '../streams/streams.ts';
import { KnownTypes, type AnnouncedType } from './knownTypes.ts';
import { KnownWorkers } from './knownWorkers.ts';
import { NewestMessages } from './newestMessages.ts';
import type { TypeAnnouncement } from './typeAnnouncement.ts';
import type { WorkerHeartbeat } from './workerHeartbeat.ts';

/** A worker that lives, or one that is gone and whose announcements have not expired. */
export interface AnnouncedWorker extends Omit<WorkerHeartbeat, 'pid'> {
  /** Absent if it is gone. */
  readonly pid?: number;
  readonly live: boolean;
}

export interface TypeRegistryOptions {
  readonly connection: Connection;
  readonly manager: JetStreamManager;
  readonly sink: LogSink;
  readonly onAnnounced: (announcement: TypeAnnouncement) => void;
}

/** Knowing nothing yet is no reason not to start. */
const START_MS = 2_000;

/**
 * Knows the job types and workers that are announced, by following WORKERS and TYPES. What it says may be some seconds
 * old, and during an outage it says what it knew before: use it for hints, never for what must be right. Whether a worker
 * lives is decided by the clock of the server.
 *
 *     const registry = await log.announcements.openRegistry();
 *     registry.type('thumbnail')?.announcements.some(({ live }) => live);
 */
export class TypeRegistry {
  readonly name = 'registry of job types';
  readonly #sink: LogSink;
  readonly #workers: KnownWorkers;
  readonly #types: KnownTypes;
  readonly #streams: readonly NewestMessages[];

  constructor({ connection, manager, sink, onAnnounced }: TypeRegistryOptions) {
    const common = { connection, manager, sink };
    this.#sink = sink;
    this.#workers = new KnownWorkers(sink, (token) => this.#types.onPresence(token));
    this.#types = new KnownTypes({
      sink,
      onAnnounced,
      isLive: (token) => this.#workers.has(token),
      onWorkerRemoved: (token) => this.#workers.remove(token),
    });
    this.#streams = [
      new NewestMessages({
        ...common,
        stream: WORKERS_STREAM,
        onMessage: (message) => {
          this.#workers.apply(message);
          this.#types.dropLost(message.storedAtMs);
        },
        onSubjects: (subjects) => this.#workers.retain(subjects),
      }),
      new NewestMessages({
        ...common,
        stream: TYPES_STREAM,
        onMessage: (message) => this.#types.apply(message),
        onSubjects: (subjects) => this.#types.retain(subjects),
      }),
    ];
  }

  /** Resolves once everything that is announced is known, or after 2 s without an answer, or if the streams are missing. */
  async start(): Promise<void> {
    const started = await within(START_MS, Promise.all(this.#streams.map((stream) => stream.start())));
    if (!started) this.#sink.warn({}, 'started without knowing the announced job types yet');
  }

  async stop(): Promise<void> {
    await Promise.all(this.#streams.map((stream) => stream.stop()));
  }

  /** Returns the types with at least one announcement, by name. */
  types(): readonly AnnouncedType[] {
    return this.#types.types();
  }

  /** Returns a type, undefined if no worker has announced it within the last day. As fast as a Map. */
  type(name: string): AnnouncedType | undefined {
    return this.#types.type(name);
  }

  /** Returns the workers by name. */
  workers(): readonly AnnouncedWorker[] {
    const workers = [...this.#gone()];
    for (const heartbeat of this.#workers.heartbeats()) {
      if (heartbeat.role === undefined) workers.push({ ...heartbeat, live: true });
    }
    return workers.toSorted((one, other) => (one.worker < other.worker ? -1 : 1));
  }

  #gone(): readonly AnnouncedWorker[] {
    const gone = new Map<string, AnnouncedWorker>();
    for (const { worker, host, startedAt, name, version, type } of this.#types.announcements()) {
      const token = workerToken(worker);
      if (this.#workers.has(token)) continue;
      const types = [...(gone.get(token)?.types ?? []), type].toSorted();
      const named = { ...(name === undefined ? {} : { name }), ...(version === undefined ? {} : { version }) };
      gone.set(token, { worker, host, startedAt, ...named, types, runningCount: 0, running: [], live: false });
    }
    return [...gone.values()];
  }
}
