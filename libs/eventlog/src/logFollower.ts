import { decodeJobEvent } from '@jobstream/domain';
import { DeliverPolicy, jetstream, type ConsumerMessages, type JsMsg } from '@nats-io/jetstream';
import type { Connection } from './connection.ts';
import { NewerEventError } from './errors.ts';
import type { EventFeed } from './eventFeed.ts';
import type { LogEntry } from './logEntry.ts';
import { JOBS_STREAM } from './streams.ts';

/** Entries handed over at once, at most. */
const MAX_ENTRIES = 5_000;
/** Bytes that may wait in memory, so that a long backlog of large payloads stays harmless. */
const MAX_BYTES = 16_000_000;

/** Follows the stream JOBS with an ordered consumer, which the client makes anew after a gap or a lost connection. */
export class LogFollower implements EventFeed {
  readonly #connection: Connection;
  readonly #after: number;
  #messages: ConsumerMessages | undefined;
  #stopped = false;

  constructor(connection: Connection, after: number) {
    this.#connection = connection;
    this.#after = after;
  }

  async *[Symbol.asyncIterator](): AsyncIterator<readonly LogEntry[]> {
    const messages = await this.#open();
    let entries: LogEntry[] = [];
    for await (const message of messages) {
      entries.push(entryOf(message));
      if (messages.getPending() > 0 && entries.length < MAX_ENTRIES) continue;
      yield entries;
      entries = [];
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#messages?.close();
  }

  async #open(): Promise<ConsumerMessages> {
    const consumer = await jetstream(this.#connection.nats).consumers.get(JOBS_STREAM, {
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: this.#after + 1,
    });
    this.#messages = await consumer.consume({ max_bytes: MAX_BYTES, idle_heartbeat: 1_000 });
    if (this.#stopped) await this.#messages.close();
    return this.#messages;
  }
}

function entryOf(message: JsMsg): LogEntry {
  const sequence = message.seq;
  if (!message.subject.startsWith('jobs.')) return { kind: 'other', sequence };
  const recordedAt = message.time.toISOString();
  const decoded = decodeJobEvent(message.string());
  if (decoded.kind === 'event') return { kind: 'event', sequence, recordedAt, event: decoded.event };
  if (decoded.kind === 'newer') throw new NewerEventError(sequence, decoded.version);
  return {
    kind: 'malformed',
    sequence,
    recordedAt,
    subject: message.subject,
    reason: decoded.reason,
    body: message.data,
  };
}
