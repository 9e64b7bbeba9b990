import type { JetStreamManager } from '@nats-io/jetstream';
import { within, type Connection } from '../connection/connection.ts';
import type { LogSink } from '../connection/logSink.ts';
import { workerToken } from '../streams/announcementSubjects.ts';
import { TYPES_STREAM, WORKERS_STREAM } from '../streams/streams.ts';
import { blocksOfWorker, type WorkerBlock } from './announcedBlock.ts';
import { DefinitionKeeper, type DefinitionKeeperOptions } from './definitionKeeper.ts';
import type { KeptDefinition } from './keptDefinition.ts';
import { KnownTypes, type AnnouncedType } from './knownTypes.ts';
import { KnownWorkers } from './knownWorkers.ts';
import { NewestMessages } from './messages/newestMessages.ts';
import type { TypeAnnouncement } from './typeAnnouncement.ts';
import type { WorkerHeartbeat } from './workerHeartbeat.ts';

/** A worker that lives, or one that is gone and whose announcements have not expired. */
export interface AnnouncedWorker extends Omit<WorkerHeartbeat, 'pid'> {
  /** Absent if it is gone. */
  readonly pid?: number;
  /** Whether it sends heartbeats, and has not said that it ended. */
  readonly live: boolean;
  /** RFC 3339: when it ended in order; absent if it lives, or is gone without a word. */
  readonly stoppedAt?: string;
  /** When its event loop was blocked while jobs ran, oldest first; absent if it was not. */
  readonly blocked?: readonly WorkerBlock[];
}

export interface TypeRegistryOptions {
  readonly connection: Connection;
  readonly manager: JetStreamManager;
  readonly sink: LogSink;
  /** Called when `handledTypes` may return something else than before. */
  readonly onHandledTypes?: ((registry: TypeRegistry) => void) | undefined;
  readonly keepDefinition: DefinitionKeeperOptions['keepDefinition'];
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
  readonly #keeper: DefinitionKeeper;
  readonly #streams: readonly NewestMessages[];

  constructor({ connection, manager, sink, onHandledTypes, keepDefinition }: TypeRegistryOptions) {
    const common = { connection, manager, sink };
    const onChange = () => onHandledTypes?.(this);
    this.#sink = sink;
    this.#workers = new KnownWorkers(sink, (token) => {
      this.#types.onPresence(token);
      onChange();
    });
    this.#types = new KnownTypes({
      sink,
      onChange,
      isLive: (token) => this.#workers.has(token),
      onWorkerRemoved: (token) => this.#workers.remove(token),
    });
    this.#keeper = new DefinitionKeeper({ definitions: this.#types.definitions, keepDefinition, sink });
    this.#streams = [
      new NewestMessages({
        ...common,
        stream: WORKERS_STREAM,
        onMessage: (message) => {
          this.#workers.apply(message);
          this.#types.dropLost(message.storedAtMs);
          this.#keeper.keep();
        },
        onSubjects: (subjects) => this.#workers.retain(subjects),
      }),
      new NewestMessages({
        ...common,
        stream: TYPES_STREAM,
        onMessage: (message) => {
          this.#types.apply(message);
          this.#keeper.keep();
        },
        onSubjects: (subjects) => {
          this.#types.retain(subjects);
          this.#keeper.begin();
        },
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
    await this.#keeper.stop();
  }

  /** Returns the types with at least one announcement, by name. */
  types(): readonly AnnouncedType[] {
    return this.#types.types();
  }

  /** Returns a type, undefined if no worker has announced it within the last day. As fast as a Map. */
  type(name: string): AnnouncedType | undefined {
    return this.#types.type(name);
  }

  /**
   * Returns the definition that holds for a type: what the worker has announced which started last, alive or not. Undefined if none
   * has announced any. As fast as a Map.
   */
  definition(type: string): KeptDefinition | undefined {
    return this.#types.definitions.get(type);
  }

  /** For how many milliseconds everything that is announced has been known without a break, as far as this process knows. */
  get knownMs(): number {
    return Math.min(...this.#streams.map(({ currentMs }) => currentMs));
  }

  /**
   * Returns the types that living workers handle, each with what the one of them announces that started last; undefined if
   * none of them has announced it, or not yet.
   */
  handledTypes(): ReadonlyMap<string, TypeAnnouncement | undefined> {
    const tokens = new Map<string, string[]>();
    for (const [token, { role, types }] of this.#workers.entries()) {
      for (const type of role === undefined ? types : []) {
        const ofType = tokens.get(type) ?? [];
        ofType.push(token);
        tokens.set(type, ofType);
      }
    }
    return new Map([...tokens].map(([type, ofType]) => [type, this.#types.newestOf(type, ofType)]));
  }

  /** Returns the workers by name. */
  workers(): readonly AnnouncedWorker[] {
    const announced = Map.groupBy(this.#types.announcements(), ({ worker }) => workerToken(worker));
    const workers: AnnouncedWorker[] = [];
    for (const [token, heartbeat] of this.#workers.entries()) {
      if (heartbeat.role === undefined) workers.push(presentWorker(heartbeat, announced.get(token) ?? []));
    }
    for (const [token, [newest, ...others]] of announced) {
      if (newest !== undefined && !this.#workers.has(token)) workers.push(goneWorker([newest, ...others]));
    }
    return workers.toSorted((one, other) => (one.worker < other.worker ? -1 : 1));
  }
}

/** The last heartbeat of a worker that has ended stays for some seconds. */
function presentWorker(heartbeat: WorkerHeartbeat, announcements: readonly TypeAnnouncement[]): AnnouncedWorker {
  const end = endOf(announcements);
  return { ...heartbeat, live: end.stoppedAt === undefined, ...end, ...blocksOf(announcements) };
}

/** Returns what is still known of a worker without heartbeats: what it has announced. */
function goneWorker(announcements: readonly [TypeAnnouncement, ...TypeAnnouncement[]]): AnnouncedWorker {
  const [{ worker, host, startedAt, name, version }] = announcements;
  const types = announcements.map(({ type }) => type).toSorted();
  const named = { ...(name === undefined ? {} : { name }), ...(version === undefined ? {} : { version }) };
  const idle = { types, runningCount: 0, running: [], live: false };
  return { worker, host, startedAt, ...named, ...idle, ...endOf(announcements), ...blocksOf(announcements) };
}

function endOf(announcements: readonly TypeAnnouncement[]): Pick<AnnouncedWorker, 'stoppedAt'> {
  const stoppedAt = announcements.find((one) => one.stoppedAt !== undefined)?.stoppedAt;
  return stoppedAt === undefined ? {} : { stoppedAt };
}

function blocksOf(announcements: readonly TypeAnnouncement[]): Pick<AnnouncedWorker, 'blocked'> {
  const blocked = blocksOfWorker(announcements);
  return blocked.length === 0 ? {} : { blocked };
}
