import { setTimeout as pause } from 'node:timers/promises';
import type { Connection } from '../../connection/connection.ts';
import type { LogSink } from '../../connection/logSink.ts';
import { DirectReader } from '../../read/directReader.ts';
import type { NewestMessage } from './newestMessages.ts';

export interface PolledMessagesOptions {
  readonly connection: Connection;
  readonly stream: string;
  readonly sink: LogSink;
  readonly onMessage: (message: NewestMessage) => void;
  /** Called with all subjects that the stream has, after each read: no others are left. */
  readonly onSubjects: (subjects: ReadonlySet<string>) => void;
  /** Default 2 s. */
  readonly intervalMs?: number;
}

const INTERVAL_MS = 2_000;
const DEADLINE_MS = 4_000;
const PAGE = 1_000;

/**
 * Reads the newest message of each subject of a stream again and again, for a user that may not create the consumer that
 * NewestMessages follows with. Meant for streams with few messages, since each read returns them all.
 */
export class PolledMessages {
  readonly #options: PolledMessagesOptions;
  readonly #reader: DirectReader;
  readonly #stop = new AbortController();
  readonly #tried = Promise.withResolvers<void>();
  #reading: Promise<void> | undefined;
  #isCurrent = false;

  constructor(options: PolledMessagesOptions) {
    this.#options = options;
    this.#reader = new DirectReader(options.connection, DEADLINE_MS, options.stream);
  }

  /** Whether the last read has succeeded. */
  get isCurrent(): boolean {
    return this.#isCurrent;
  }

  /** Resolves after the first read. */
  start(): Promise<void> {
    this.#reading ??= this.#readAgain();
    return this.#tried.promise;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#reading;
  }

  async #readAgain(): Promise<void> {
    const { signal } = this.#stop;
    const { intervalMs = INTERVAL_MS } = this.#options;
    while (!signal.aborted) {
      await this.#read();
      this.#tried.resolve();
      await pause(intervalMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #read(): Promise<void> {
    const { stream, sink, onSubjects } = this.#options;
    const wasCurrent = this.#isCurrent;
    try {
      onSubjects(await this.#readAll());
      this.#isCurrent = true;
    } catch (error) {
      this.#isCurrent = false;
      if (wasCurrent) sink.warn({ stream, reason: String(error) }, 'stream cannot be read, trying again until it can');
    }
  }

  async #readAll(): Promise<ReadonlySet<string>> {
    const subjects = new Set<string>();
    for (let next = 1; ;) {
      const page = await this.#reader.from(next, { count: PAGE });
      for (const { subject, sequence, recordedAt, text } of page) {
        subjects.add(subject);
        this.#options.onMessage({ subject, sequence, storedAtMs: Date.parse(recordedAt), body: text });
      }
      const last = page.at(-1);
      if (last === undefined) return subjects;
      next = last.sequence + 1;
    }
  }
}
