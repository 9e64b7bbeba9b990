import type { Connection } from '../connection/connection.ts';
import type { LogSink } from '../connection/logSink.ts';
import { DirectReader } from '../read/directReader.ts';
import { definitionSubject } from '../streams/announcementSubjects.ts';
import { TYPES_STREAM } from '../streams/streams.ts';
import { IgnoredMessages } from './messages/ignoredMessages.ts';
import { decodeKeptDefinition, type KeptDefinition } from './keptDefinition.ts';

interface Known {
  readonly at: number;
  readonly definition: Promise<KeptDefinition | undefined>;
}

const FRESH_MS = 1_000;
const DEADLINE_MS = 1_000;
/** After a failure jobs must not wait for the next one. */
const RETRY_MS = 5_000;
const MOST_KNOWN = 1_000;

/**
 * Reads the definitions that the API keeps, for processes that create jobs and may not follow a stream. A definition is read
 * again after a second; while it cannot be, the last one that was read holds.
 */
export class DefinitionReader {
  readonly #connection: Connection;
  readonly #reader: DirectReader;
  readonly #sink: LogSink;
  readonly #ignored: IgnoredMessages;
  readonly #known = new Map<string, Known>();
  #notBefore = 0;

  constructor({ connection, sink }: { readonly connection: Connection; readonly sink: LogSink }) {
    this.#connection = connection;
    this.#reader = new DirectReader(connection, DEADLINE_MS, TYPES_STREAM);
    this.#sink = sink;
    this.#ignored = new IgnoredMessages(sink);
  }

  /** Returns the definition that holds for a type, as far as it is known. Never rejects. */
  of(type: string): Promise<KeptDefinition | undefined> {
    const known = this.#known.get(type);
    const now = performance.now();
    if (known !== undefined && now - known.at < FRESH_MS) return known.definition;
    if (now < this.#notBefore) return known?.definition ?? Promise.resolve(undefined);
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    const definition = this.#read(type).catch((error: unknown) => this.#onFailure(type, error, known));
    this.#known.set(type, { at: now, definition });
    return definition;
  }

  async #read(type: string): Promise<KeptDefinition | undefined> {
    const subject = definitionSubject(type);
    const [message] = await this.#reader.newestOfEachSubject(subject);
    if (message === undefined) return undefined;
    const { sequence, text: body, recordedAt } = message;
    const newest = { subject, sequence, body, storedAtMs: Date.parse(recordedAt) };
    return this.#ignored.unlessMalformed(newest, (one) => decodeKeptDefinition(one.body));
  }

  /** Without a connection no job is created either, so the next one that can be shall not have to do without. */
  #onFailure(type: string, error: unknown, known: Known | undefined): Known['definition'] | undefined {
    if (known === undefined) this.#known.delete(type);
    else this.#known.set(type, known);
    if (this.#connection.isConnected()) {
      if (performance.now() >= this.#notBefore)
        this.#sink.warn({ reason: String(error) }, 'definitions of job types cannot be read, the last ones hold');
      this.#notBefore = performance.now() + RETRY_MS;
    }
    return known?.definition;
  }
}
