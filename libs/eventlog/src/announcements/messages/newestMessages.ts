import type { JetStreamManager } from '@nats-io/jetstream';
import type { Connection } from '../../connection/connection.ts';
import type { ConsumerMessage } from '../../connection/consumerMessage.ts';
import type { LogSink } from '../../connection/logSink.ts';
import type { OrderedConsumer, OrderedConsumerOptions } from '../../read/follow/orderedConsumer.ts';
import { ReopenedConsumer } from '../../read/follow/reopenedConsumer.ts';

/** The newest message of a subject. An empty body stands for one that has expired. */
export interface NewestMessage {
  readonly subject: string;
  readonly sequence: number;
  /** Milliseconds since 1970 by the server's clock. */
  readonly storedAtMs: number;
  readonly body: string;
}

export interface NewestMessagesOptions {
  readonly connection: Connection;
  readonly manager: JetStreamManager;
  readonly stream: string;
  readonly sink: LogSink;
  readonly onMessage: (message: NewestMessage) => void;
  /** Called with all subjects that the stream has, after a start and after each outage: no others are left. */
  readonly onSubjects: (subjects: ReadonlySet<string>) => void;
}

const BATCH = 1_000;
const BATCH_BYTES = 8_000_000;
const RETRY_PAUSE_MS = 250;
/** While a stream is missing, each try is a request, and without the permission for it a line in the server's log. */
const MAX_RETRY_PAUSE_MS = 4_000;

/**
 * Follows the newest message of each subject of a stream. It begins with those that are stored, and does so again whenever
 * its consumer was lost, so that nothing that happened meanwhile is missed. A missing stream is tried again until it is
 * there.
 */
export class NewestMessages {
  readonly #options: NewestMessagesOptions;
  readonly #consumer: ReopenedConsumer;
  readonly #tried = Promise.withResolvers<void>();
  /** What has arrived since the consumer was opened, until that is everything. */
  #subjects: Set<string> | undefined;
  /** How often it was lost since it last had everything. */
  #losses = 0;
  /** Since when everything has arrived, by the monotonic clock. */
  #currentSince: number | undefined;

  constructor(options: NewestMessagesOptions) {
    this.#options = options;
    this.#consumer = new ReopenedConsumer({
      connection: options.connection,
      settings: () => this.#settings(),
      onOpened: (consumer) => this.#onOpened(consumer),
      onLost: (reason) => this.#onLost(reason),
    });
  }

  /** Whether everything that is stored has arrived; false from when its consumer was found lost, until the next has it all. */
  get isCurrent(): boolean {
    return this.#currentSince !== undefined;
  }

  /** For how long that has been so, in milliseconds. */
  get currentMs(): number {
    return this.#currentSince === undefined ? 0 : performance.now() - this.#currentSince;
  }

  /** Resolves once all stored messages have arrived, or the first try to read them has failed. */
  start(): Promise<void> {
    void this.#consumer.run();
    return this.#tried.promise;
  }

  async stop(): Promise<void> {
    this.#consumer.stop();
    this.#tried.resolve();
    await this.#consumer.run();
  }

  #settings(): OrderedConsumerOptions {
    this.#subjects = new Set();
    return {
      ...this.#options,
      after: 'lastPerSubject',
      onMessage: (message) => this.#onMessage(message),
      onRequestEnded: () => this.#requestMore(),
      onIdle: () => this.#onAll(),
    };
  }

  #onOpened({ storedAtStart }: OrderedConsumer): void {
    if (storedAtStart === 0) this.#onAll();
    this.#requestMore();
  }

  #onLost(lost: unknown): number {
    const { sink, stream } = this.#options;
    const reason = String(lost);
    this.#currentSince = undefined;
    this.#tried.resolve();
    if (this.#losses++ === 0) sink.warn({ stream, reason }, 'stream cannot be followed, trying again until it can');
    return Math.min(RETRY_PAUSE_MS * 2 ** this.#losses, MAX_RETRY_PAUSE_MS);
  }

  #onMessage(message: ConsumerMessage): void {
    const { subject, sequence } = message;
    this.#subjects?.add(subject);
    this.#options.onMessage({ subject, sequence, storedAtMs: message.storedAtMs(), body: message.text() });
    if (message.pending() === 0) this.#onAll();
    this.#requestMore();
  }

  #onAll(): void {
    const subjects = this.#subjects;
    if (subjects === undefined) return;
    this.#subjects = undefined;
    this.#options.onSubjects(subjects);
    this.#currentSince = performance.now();
    this.#tried.resolve();
    const { sink, stream } = this.#options;
    if (this.#losses > 0) sink.info({ stream, subjects: subjects.size }, 'stream is followed again');
    this.#losses = 0;
  }

  #requestMore(): void {
    const consumer = this.#consumer.current;
    if (consumer !== undefined && consumer.outstanding <= BATCH / 2)
      consumer.request({ batch: BATCH, maxBytes: BATCH_BYTES });
  }
}
