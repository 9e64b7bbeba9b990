import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { JobDefinition, SignalSchemas } from '@jobstream/client';
import { definedSettings, type JobDefaults, PROTOCOL_VERSION } from '@jobstream/domain';
import type { EventLog, JsonSchema, RunningJob, TypeAnnouncement } from '@jobstream/eventlog';
import type { HandlerRegistry } from '../handler/jobHandler.ts';
import type { Logger } from '../handler/logger.ts';
import type { BlockedLoop } from '../watchdog/loopWatchdog.ts';
import { AnnouncedBlocks } from './announcedBlocks.ts';
import { announcedSchema, bytesOf, roomBeside } from './announcedSchema.ts';
import type { WorkerIdentity } from './workerIdentity.ts';

export interface AnnouncerOptions {
  readonly eventLog: Pick<EventLog, 'announcements' | 'clock' | 'onReconnected'>;
  readonly identity: WorkerIdentity;
  readonly handlers: HandlerRegistry;
  /** Returns the limits of a job type in this process. */
  readonly limitsOf: (jobType: string) => TypeAnnouncement['limits'];
  readonly ackWaitMs: number;
  /** Returns the runs in progress, oldest first. */
  readonly running: () => readonly RunningJob[];
  readonly logger: Logger;
}

/** The server takes a worker for gone after three missed heartbeats. */
const HEARTBEAT_MS = 4_000;
/** Announcements expire after a day. */
const ANNOUNCE_AGAIN_MS = 3_600_000;

/**
 * Announces the job types of a worker, and that it lives and what it runs. Announcements are hints: when they fail, the
 * worker works on, and the next heartbeat tries again.
 */
export class Announcer {
  readonly name = 'announcements';
  readonly #options: AnnouncerOptions;
  readonly #blocks: AnnouncedBlocks;
  /** The types of which more is to be announced than was. */
  readonly #changed = new Set<string>();
  #announcements: readonly TypeAnnouncement[] = [];
  #announcedAt: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #unsubscribe: () => void = () => undefined;
  #beating: Promise<void> | undefined;
  #stopping = false;
  #ended: Promise<void> | undefined;
  #isSilent = false;

  constructor(options: AnnouncerOptions) {
    this.#options = options;
    this.#blocks = new AnnouncedBlocks(options.ackWaitMs);
  }

  /** Returns when the first announcements were made, or have failed. */
  async start(): Promise<void> {
    const { eventLog, handlers } = this.#options;
    this.#announcements = await Promise.all([...handlers.keys()].map((jobType) => this.#announcementOf(jobType)));
    this.#unsubscribe = eventLog.onReconnected(() => this.#announceAgain());
    this.#timer = setInterval(() => void this.#beat(), HEARTBEAT_MS);
    await this.#beat();
  }

  /** Reports from now on that the worker takes no more jobs. */
  async leaving(): Promise<void> {
    this.#stopping = true;
    await this.#beating;
    await this.#beat();
  }

  /** Ends the heartbeats, and announces that the worker has ended in order: one that ends without that is taken for lost. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#unsubscribe();
    await this.#beating;
    this.#ended ??= this.#announceEnd();
    await this.#ended;
  }

  /** Announces that the event loop was blocked until now, with the types whose jobs ran. */
  blocked(blocked: BlockedLoop): void {
    for (const type of this.#blocks.add(blocked, this.#options.eventLog.clock.now())) this.#changed.add(type);
    void this.#beat();
  }

  #announceAgain(): void {
    this.#announcedAt = undefined;
    void this.#beat();
  }

  /** One at a time: a server that does not answer must not gather heartbeats. Never rejects. */
  #beat(): Promise<void> {
    this.#beating ??= this.#report().finally(() => (this.#beating = undefined));
    return this.#beating;
  }

  async #report(): Promise<void> {
    const { announcements } = this.#options.eventLog;
    try {
      await announcements.heartbeat(this.#heartbeat());
      await this.#announceTypes();
      this.#isSilent = false;
    } catch (error) {
      this.#onFailure(error);
    }
  }

  async #announceTypes(): Promise<void> {
    const isTime = this.#announcedAt === undefined || performance.now() - this.#announcedAt > ANNOUNCE_AGAIN_MS;
    const due = isTime ? this.#announcements : this.#announcements.filter(({ type }) => this.#changed.has(type));
    await Promise.all(due.map((announcement) => this.#announce(announcement)));
    if (isTime) this.#announcedAt = performance.now();
  }

  async #announceEnd(): Promise<void> {
    const { eventLog, logger } = this.#options;
    const stoppedAt = new Date(eventLog.clock.now()).toISOString();
    const ends = this.#announcements.map((one) => {
      return eventLog.announcements.announceType({ ...one, blocked: this.#blocks.of(one.type), stoppedAt });
    });
    const refused = (await Promise.allSettled(ends)).find(({ status }) => status === 'rejected');
    if (refused !== undefined) logger.debug(refused, 'the end of this worker was not announced');
  }

  async #announce(announcement: TypeAnnouncement): Promise<void> {
    const { type } = announcement;
    this.#changed.delete(type);
    try {
      await this.#options.eventLog.announcements.announceType({ ...announcement, blocked: this.#blocks.of(type) });
    } catch (error) {
      this.#changed.add(type);
      throw error;
    }
  }

  /** Logs the first failure of several. */
  #onFailure(error: unknown): void {
    if (!this.#isSilent)
      this.#options.logger.warn({ err: error }, 'announcing failed: the API may not know this worker');
    this.#isSilent = true;
  }

  #heartbeat() {
    const { identity, handlers, running } = this.#options;
    const runs = running();
    const stopping = this.#stopping ? { stopping: true } : {};
    const types = [...handlers.keys()];
    return { ...identity, protocol: PROTOCOL_VERSION, types, ...stopping, runningCount: runs.length, running: runs };
  }

  async #announcementOf(jobType: string): Promise<TypeAnnouncement> {
    const { identity, handlers, limitsOf, ackWaitMs } = this.#options;
    const definition = handlers.get(jobType)?.definition;
    const { payload, result, signals = {} } = definition ?? {};
    const payloadSchema = payload && (await this.#schema(payload, 'input', `payload of ${jobType}`));
    const resultSchema = result && (await this.#schema(result, 'output', `result of ${jobType}`));
    const { worker, host, startedAt, name, version } = identity;
    return {
      type: jobType,
      worker,
      host,
      startedAt,
      name,
      version,
      payloadSchema,
      resultSchema,
      ...(await this.#signalsOf(jobType, signals, roomBeside([payloadSchema, resultSchema]))),
      limits: limitsOf(jobType),
      ackWaitMs,
      defaults: definition && announcedDefaults(definition),
      schedule: definition?.schedule && (definition.schedule.name ?? jobType),
    };
  }

  /** Those whose schema has none as JSON, or for whose schema there is no room, take every payload. */
  async #signalsOf(jobType: string, signals: SignalSchemas, room: number): Promise<Pick<TypeAnnouncement, 'signals'>> {
    const announced: Record<string, JsonSchema | null> = {};
    let left = room;
    for (const [name, schema] of Object.entries(signals)) {
      const what = `signal ${name} of ${jobType}`;
      announced[name] = (await this.#schema(schema, 'input', what, left)) ?? null;
      left -= bytesOf(announced[name]);
    }
    return Object.keys(announced).length === 0 ? {} : { signals: announced };
  }

  async #schema(schema: StandardSchemaV1, side: 'input' | 'output', what: string, room?: number) {
    const announced = await announcedSchema(schema, side, room);
    if (announced.kind === 'schema') return announced.schema;
    this.#options.logger.info({ reason: announced.reason }, `the schema of the ${what} is not announced`);
    return undefined;
  }
}

/** Tags are left to producers: they belong to a job rather than to its type. */
function announcedDefaults({ defaults }: JobDefinition): JobDefaults {
  const given = definedSettings.filter((setting) => defaults[setting] !== undefined);
  return Object.fromEntries(given.map((setting) => [setting, defaults[setting]])) as JobDefaults;
}
