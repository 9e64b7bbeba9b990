import type { LogSink } from '../connection/logSink.ts';
import type { KeptDefinition } from './keptDefinition.ts';
import type { KnownDefinitions } from './knownDefinitions.ts';

export interface DefinitionKeeperOptions {
  readonly definitions: Pick<KnownDefinitions, 'kept' | 'unkept'>;
  /** Stores a definition and resolves to the sequence of its message. */
  readonly keepDefinition: (type: string, definition: KeptDefinition) => Promise<number>;
  readonly sink: LogSink;
}

const RETRY_MS = 30_000;

/**
 * Stores the definitions that hold beside the announcements that they come from, so that they outlive these. Several processes
 * may do so at once: each stores the newest one that it knows, until that is what the stream has.
 */
export class DefinitionKeeper {
  readonly #options: DefinitionKeeperOptions;
  #keeping: Promise<void> | undefined;
  #state: 'reading' | 'keeping' | 'stopped' = 'reading';
  #notBefore = 0;
  #isFailing = false;

  constructor(options: DefinitionKeeperOptions) {
    this.#options = options;
  }

  /** Everything that is stored has been read: what is missing now has to be stored. */
  begin(): void {
    if (this.#state === 'reading') this.#state = 'keeping';
    this.keep();
  }

  /** Stores what is not stored yet. Call it with every message: after a failure a later one tries again. */
  keep(): void {
    if (this.#state !== 'keeping' || this.#keeping !== undefined || performance.now() < this.#notBefore) return;
    const unkept = this.#options.definitions.unkept();
    if (unkept.length > 0) this.#keeping = this.#store(unkept);
  }

  async stop(): Promise<void> {
    this.#state = 'stopped';
    await this.#keeping;
  }

  async #store(unkept: ReturnType<KnownDefinitions['unkept']>): Promise<void> {
    const { definitions, keepDefinition } = this.#options;
    try {
      for (const [type, definition] of unkept)
        definitions.kept(type, definition, await keepDefinition(type, definition));
      this.#isFailing = false;
    } catch (error) {
      this.#onFailure(error);
    }
    this.#keeping = undefined;
    this.keep(); // what has come meanwhile
  }

  /** Logs the first failure of several. */
  #onFailure(error: unknown): void {
    this.#notBefore = performance.now() + RETRY_MS;
    if (!this.#isFailing)
      this.#options.sink.warn({ reason: String(error) }, 'definitions of job types outlive no worker');
    this.#isFailing = true;
  }
}
