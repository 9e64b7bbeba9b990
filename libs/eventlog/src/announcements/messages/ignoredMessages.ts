import type { LogSink } from '../../connection/logSink.ts';
import { MalformedMessageError } from './messageFields.ts';
import type { NewestMessage } from './newestMessages.ts';

const MOST_LOGGED = 1_000;

/** Decodes messages and logs those that are ignored, once for each subject until it has a proper one. */
export class IgnoredMessages {
  readonly #sink: LogSink;
  readonly #subjects = new Set<string>();

  constructor(sink: LogSink) {
    this.#sink = sink;
  }

  /** Returns the decoded message, undefined if it has expired or is malformed. */
  unlessMalformed<Decoded>(message: NewestMessage, decode: (message: NewestMessage) => Decoded): Decoded | undefined {
    if (message.body === '') return undefined;
    try {
      const decoded = decode(message);
      this.#subjects.delete(message.subject);
      return decoded;
    } catch (error) {
      if (!(error instanceof MalformedMessageError)) throw error;
      this.log(message.subject, error.message);
      return undefined;
    }
  }

  log(subject: string, reason: string): void {
    if (this.#subjects.has(subject) || this.#subjects.size >= MOST_LOGGED) return;
    this.#subjects.add(subject);
    this.#sink.warn({ subject, reason }, 'announcement ignored');
  }
}
