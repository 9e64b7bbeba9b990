import type { AnnouncedType, AnnouncedWorker, EventLog, KeptDefinition, TypeRegistry } from '@jobstream/eventlog';
import type { Logger, Service } from '@jobstream/runtime';

export interface AnnouncedTypesOptions {
  readonly log: Pick<EventLog, 'announcements'>;
  readonly logger: Logger;
}

/**
 * The job types and workers that are announced in the log. It is a help for requests and never needed for one: it starts
 * in the background, answers at once, and knows nothing until it has read the announcements.
 */
export class AnnouncedTypes implements Service {
  readonly name = 'announced job types';
  readonly #options: AnnouncedTypesOptions;
  #opening: Promise<void> | undefined;
  #registry: TypeRegistry | undefined;

  constructor(options: AnnouncedTypesOptions) {
    this.#options = options;
  }

  /** Returns at once, so that the API serves while the announcements are read. */
  async start(): Promise<void> {
    this.#opening ??= this.#open();
  }

  async stop(): Promise<void> {
    await this.#opening;
    await this.#registry?.stop();
  }

  /** Whether the announcements have been read: before, a type that is missing may be announced nevertheless. */
  isCurrent(): boolean {
    return this.#registry !== undefined;
  }

  /** Returns a type, undefined if no worker has announced it within the last day. As fast as a Map. */
  type(name: string): AnnouncedType | undefined {
    return this.#registry?.type(name);
  }

  /**
   * Returns the definition that holds for a type: that of the worker which started last, alive or not. Undefined if none has
   * announced any, or before the announcements have been read.
   */
  definition(name: string): KeptDefinition | undefined {
    return this.#registry?.definition(name);
  }

  /** Returns all types by name. */
  types(): readonly AnnouncedType[] {
    return this.#registry?.types() ?? [];
  }

  /** Returns the living workers, and those whose announcements have not expired, by name. */
  workers(): readonly AnnouncedWorker[] {
    return this.#registry?.workers() ?? [];
  }

  async #open(): Promise<void> {
    try {
      this.#registry = await this.#options.log.announcements.openRegistry();
    } catch (error) {
      this.#options.logger.warn(
        { err: error },
        'announcements of workers cannot be read, payloads are not checked and definitions not used',
      );
    }
  }
}
