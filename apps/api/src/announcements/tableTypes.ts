import type { EventLog } from '@jobstream/eventlog';
import type { ReadModel } from '@jobstream/readmodel';
import type { Service } from '@jobstream/runtime';

export interface TableTypesOptions {
  readonly log: Pick<EventLog, 'consumers'>;
  readonly table: Pick<ReadModel, 'countJobs'>;
}

const INTERVAL_MS = 60_000;

/**
 * Makes sure that the types of all jobs in the table have consumers: also those whose first job was created by an API that
 * was killed a moment later, or that are in a log that was restored without its consumers. Nothing waits for it.
 */
export class TableTypes implements Service {
  readonly name = 'job types of the table';
  readonly #options: TableTypesOptions;
  #timer: NodeJS.Timeout | undefined;
  #reading: Promise<void> = Promise.resolve();

  constructor(options: TableTypesOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const read = () => void (this.#reading = this.#read());
    this.#timer = setInterval(read, INTERVAL_MS);
    read();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#reading;
  }

  async #read(): Promise<void> {
    const { log, table } = this.#options;
    try {
      const counts = await table.countJobs();
      for (const { type } of counts) log.consumers.require(type);
    } catch {
      // The table or the log is unavailable, which is reported elsewhere: the next time finds them.
    }
  }
}
