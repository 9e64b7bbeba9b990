import type { LogSink } from '../connection/logSink.ts';
import { heartbeatSubject } from '../streams/announcementSubjects.ts';
import { HEARTBEAT_AGE_MS } from '../streams/streams.ts';
import { IgnoredMessages } from './messages/ignoredMessages.ts';
import { MalformedMessageError } from './messages/messageFields.ts';
import type { NewestMessage } from './messages/newestMessages.ts';
import { decodeHeartbeat, type WorkerHeartbeat } from './workerHeartbeat.ts';

interface Known {
  readonly heartbeat: WorkerHeartbeat;
  readonly storedAtMs: number;
}

/**
 * The server removes a heartbeat after `HEARTBEAT_AGE_MS` and says so, except where it needs the room or a worker asked
 * for more time. Such heartbeats are dropped when others are newer by this much.
 */
const LOST_AFTER_MS = 3 * HEARTBEAT_AGE_MS;
const MAX_WORKERS = 10_000;

/** The workers whose heartbeats have not expired, by the token of their name. */
export class KnownWorkers {
  /** Those with the oldest heartbeats first. */
  readonly #workers = new Map<string, Known>();
  readonly #ignored: IgnoredMessages;
  readonly #onPresence: (token: string) => void;

  /** `onPresence` is called with the token of each worker that comes or goes, or handles other types than before. */
  constructor(sink: LogSink, onPresence: (token: string) => void) {
    this.#ignored = new IgnoredMessages(sink);
    this.#onPresence = onPresence;
  }

  has(token: string): boolean {
    return this.#workers.has(token);
  }

  /** The workers with the tokens of their names. */
  entries(): readonly (readonly [token: string, heartbeat: WorkerHeartbeat])[] {
    return [...this.#workers].map(([token, { heartbeat }]) => [token, heartbeat]);
  }

  heartbeats(): readonly WorkerHeartbeat[] {
    return [...this.#workers.values()].map(({ heartbeat }) => heartbeat);
  }

  apply(message: NewestMessage): void {
    const token = tokenOf(message.subject);
    const heartbeat = this.#ignored.unlessMalformed(message, decoded);
    if (heartbeat === undefined) this.remove(token);
    else this.#put(token, { heartbeat, storedAtMs: message.storedAtMs });
    this.#dropOlderThan(message.storedAtMs - LOST_AFTER_MS);
  }

  /** Drops all others: the stream has only these subjects. */
  retain(subjects: ReadonlySet<string>): void {
    for (const token of this.#workers.keys()) if (!subjects.has(heartbeatSubject(token))) this.remove(token);
  }

  remove(token: string): void {
    if (this.#workers.delete(token)) this.#onPresence(token);
  }

  #put(token: string, known: Known): void {
    const before = this.#workers.get(token)?.heartbeat.types;
    this.#workers.delete(token);
    if (this.#workers.size >= MAX_WORKERS) return this.#ignored.log(heartbeatSubject(token), 'too many workers');
    this.#workers.set(token, known);
    if (before === undefined || before.join() !== known.heartbeat.types.join()) this.#onPresence(token);
  }

  #dropOlderThan(oldestMs: number): void {
    for (const [token, { storedAtMs }] of this.#workers) {
      if (storedAtMs >= oldestMs) return;
      this.remove(token);
    }
  }
}

function decoded({ subject, body }: NewestMessage): WorkerHeartbeat {
  const heartbeat = decodeHeartbeat(body);
  if (heartbeatSubject(heartbeat.worker) === subject) return heartbeat;
  throw new MalformedMessageError('/worker is not the one of the subject');
}

function tokenOf(subject: string): string {
  return subject.split('.')[1] ?? '';
}
