import type { JetStreamManager, PurgeOpts } from '@nats-io/jetstream';
import type { Connection } from '../connection/connection.ts';
import { plainHeaders, ttlHeaders } from '../connection/headers.ts';
import type { LogSink } from '../connection/logSink.ts';
import { publishOnce, type OutgoingMessage, type Publisher } from '../connection/publisher.ts';
import { AnnouncementRefusedError, LogUnavailableError } from '../errors.ts';
import {
  announcedTypeOf,
  announcementSubject,
  definitionSubject,
  EVERY_ANNOUNCEMENT,
  heartbeatSubject,
  settingsSubject,
  typeFilter,
  workerFilter,
  workerRemovedSubject,
} from '../streams/announcementSubjects.ts';
import {
  MAX_ANNOUNCEMENT_BYTES,
  MAX_HEARTBEAT_BYTES,
  subjectsUnder,
  TYPES_STREAM,
  WORKERS_STREAM,
} from '../streams/streams.ts';
import { DefinitionReader } from './definitionReader.ts';
import { encodeKeptDefinition, type KeptDefinition } from './keptDefinition.ts';
import { LiveProcesses } from './liveProcesses.ts';
import { encodeTypeAnnouncement, type PayloadCheck, type TypeAnnouncement } from './typeAnnouncement.ts';
import { TypeRegistry } from './typeRegistry.ts';
import { encodeTypeSettings } from './typeSettings.ts';
import { encodeHeartbeat, type WorkerHeartbeat } from './workerHeartbeat.ts';

export interface AnnouncementsParts {
  readonly connection: Connection;
  readonly manager: JetStreamManager;
  readonly publisher: Publisher;
  readonly sink: LogSink;
  readonly createsConsumers: boolean;
  /** Called when the types that living workers handle may have changed, as a registry knows them. */
  readonly onHandledTypes: (registry: TypeRegistry) => void;
}

/** A worker announces its types again every hour, so a day without it means that it is gone. */
const ANNOUNCEMENT_TTL = '24h';
/** Longer than a follower needs to receive it; one that was away reads all that is stored. */
const REMOVAL_TTL = '60s';

/**
 * What workers announce of themselves and of their job types: hints, which may be late or lost. Nothing is tried again:
 * the next heartbeat does that. Every method but those that open something rejects with LogUnavailableError when the server does
 * not answer, with AnnouncementRefusedError when it does not take the message.
 */
export class Announcements {
  readonly #parts: AnnouncementsParts;
  readonly #opened = new Set<{ stop(): Promise<void> }>();
  #liveProcesses: Promise<LiveProcesses> | undefined;
  readonly #definitions: DefinitionReader;

  constructor(parts: AnnouncementsParts) {
    this.#parts = parts;
    this.#definitions = new DefinitionReader(parts);
  }

  /** Announces a job type of a worker, for 24 hours; replaces the worker's earlier announcement of the type. */
  async announceType(announcement: TypeAnnouncement): Promise<void> {
    const { type, worker } = announcement;
    const body = encodeTypeAnnouncement(announcement);
    const message = { subject: announcementSubject(type, worker), body, headers: ttlHeaders(ANNOUNCEMENT_TTL) };
    await this.#publish(message, MAX_ANNOUNCEMENT_BYTES);
  }

  /** Reports that a worker lives, for 12 seconds. */
  async heartbeat(heartbeat: WorkerHeartbeat): Promise<void> {
    const subject = heartbeatSubject(heartbeat.worker);
    await this.#publish({ subject, body: encodeHeartbeat(heartbeat), headers: plainHeaders() }, MAX_HEARTBEAT_BYTES);
  }

  /** Sets what becomes of payloads that no announcement of the type accepts; default `refuse`. */
  async setPayloadCheck(type: string, payloadCheck: PayloadCheck): Promise<void> {
    const body = encodeTypeSettings({ payloadCheck });
    await this.#publish({ subject: settingsSubject(type), body, headers: plainHeaders() }, MAX_ANNOUNCEMENT_BYTES);
  }

  /** Removes a job type's announcements and settings. A worker that lives announces it again within the hour. */
  async removeType(type: string): Promise<void> {
    const before = await this.#publishRemoval(settingsSubject(type));
    await this.#purge(TYPES_STREAM, { filter: typeFilter(type), seq: before });
  }

  /** Removes a worker and its announcements. One that lives is back with its next heartbeat. */
  async removeWorker(worker: string): Promise<void> {
    const before = await this.#publishRemoval(workerRemovedSubject(worker));
    await this.#purge(TYPES_STREAM, { filter: workerFilter(worker), seq: before });
    await this.#purge(WORKERS_STREAM, { filter: heartbeatSubject(worker) });
  }

  /**
   * Returns the job types that a worker has announced within the last day, in alphabetical order, by one request.
   *
   * @throws LogUnavailableError
   */
  async announcedTypes(): Promise<readonly string[]> {
    const subjects = await subjectsUnder(this.#parts.manager, TYPES_STREAM, EVERY_ANNOUNCEMENT);
    return [...new Set(subjects.flatMap(announcedTypeOf))];
  }

  /** Starts following all announcements, and keeping the definitions among them. It stops with the event log. */
  async openRegistry(): Promise<TypeRegistry> {
    const registry = new TypeRegistry({
      ...this.#parts,
      keepDefinition: (type, definition) => {
        const message = { subject: definitionSubject(type), body: encodeKeptDefinition(definition) };
        return this.#publish({ ...message, headers: plainHeaders() }, MAX_ANNOUNCEMENT_BYTES);
      },
    });
    this.#opened.add(registry);
    await registry.start();
    return registry;
  }

  /**
   * Returns the definition that holds for a type as the API keeps it, at most a second old, and older ones while TYPES cannot be
   * read. For processes that create jobs without a registry. Never rejects.
   */
  definitionOf(type: string): Promise<KeptDefinition | undefined> {
    return this.#definitions.of(type);
  }

  /** Starts following which processes live. It stops with the event log. */
  async openLiveProcesses(): Promise<LiveProcesses> {
    const processes = new LiveProcesses(this.#parts);
    this.#opened.add(processes);
    await processes.start();
    return processes;
  }

  /** As `allUnderstand` of LiveProcesses, which are followed from the first call on. */
  async allUnderstand(protocol: number): Promise<boolean> {
    return (await this.#processes()).allUnderstand(protocol);
  }

  /** Returns the processes because of which `allUnderstand` says no; none if it is not known which live. */
  async olderThan(protocol: number): Promise<readonly WorkerHeartbeat[]> {
    return (await this.#processes()).olderThan(protocol);
  }

  /** Stops what was opened. */
  async stop(): Promise<void> {
    await Promise.all([...this.#opened].map((one) => one.stop()));
  }

  #processes(): Promise<LiveProcesses> {
    return (this.#liveProcesses ??= this.openLiveProcesses());
  }

  /** Followers do not see a purge; the message tells them, and its sequence which messages are meant. */
  #publishRemoval(subject: string): Promise<number> {
    const message = { subject, body: encodeTypeSettings({ removed: true }), headers: ttlHeaders(REMOVAL_TTL) };
    return this.#publish(message, MAX_ANNOUNCEMENT_BYTES);
  }

  async #publish(message: OutgoingMessage, maxBytes: number): Promise<number> {
    const { connection, publisher } = this.#parts;
    const { subject } = message;
    if (!connection.isConnected()) throw new LogUnavailableError('not connected');
    const bytes = Buffer.byteLength(message.body);
    if (bytes > maxBytes) throw new AnnouncementRefusedError(subject, `it has ${bytes} bytes of at most ${maxBytes}`);
    const outcome = await publishOnce(publisher, message);
    if (outcome.kind === 'stored') return outcome.sequence;
    if (outcome.kind === 'refused') throw new AnnouncementRefusedError(subject, outcome.description);
    throw new LogUnavailableError(`the message on ${subject} was not stored: ${outcome.reason}`);
  }

  async #purge(stream: string, which: PurgeOpts): Promise<void> {
    try {
      await this.#parts.manager.streams.purge(stream, which);
    } catch (error) {
      throw new LogUnavailableError(`messages of ${stream} could not be removed`, { cause: error });
    }
  }
}
