import { decodeLogEntry, type EventFeed, type LogEntry } from '../read/logEntry.ts';
import type { StoredMessage } from '../read/directReader.ts';
import { MemoryMessage } from './memoryMessage.ts';
import type { MemoryServer } from './memoryServer.ts';

/** Follows the log in memory from the message after a sequence. */
export class MemoryFeed implements EventFeed {
  readonly #server: MemoryServer;
  readonly #unsubscribe: () => void;
  #position: number;
  #news = Promise.withResolvers<void>();
  #isStopped = false;

  constructor(server: MemoryServer, after: number) {
    this.#server = server;
    this.#position = after;
    this.#unsubscribe = server.onStored(() => this.#news.resolve());
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly LogEntry[], void, undefined> {
    while (!this.#isStopped) {
      const messages = this.#server.stream.after(this.#position);
      if (messages.length === 0) {
        await this.#news.promise;
        this.#news = Promise.withResolvers();
        continue;
      }
      this.#position = messages.at(-1)?.sequence ?? this.#position;
      yield messages.map(entryOf);
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#unsubscribe();
    this.#news.resolve();
  }
}

function entryOf({ sequence, subject, text, header, recordedAt }: StoredMessage): LogEntry {
  const message = { sequence, subject, text, header, storedAt: Date.parse(recordedAt) };
  return decodeLogEntry(new MemoryMessage(message, { count: 1, serial: sequence }, () => undefined));
}
