import type { JetStreamManager } from '@nats-io/jetstream';
import type { DirectReader } from './directReader.ts';
import { LogUnavailableError } from '../errors.ts';
import type { SequenceSpan, StoredBytes } from './logArchive.ts';
import { JOBS_STREAM } from '../streams/streams.ts';

/** The log as messages, whatever they are about. */
export class LogMessages {
  readonly #manager: JetStreamManager;
  readonly #direct: DirectReader;

  constructor(manager: JetStreamManager, direct: DirectReader) {
    this.#manager = manager;
    this.#direct = direct;
  }

  /**
   * The messages that the log has. One that has forgotten all of them begins after its end, so `first - 1` is always what
   * it has forgotten. LogUnavailableError.
   */
  async span(): Promise<SequenceSpan> {
    try {
      const { first_seq: first, last_seq: last } = (await this.#manager.streams.info(JOBS_STREAM)).state;
      return { first: Math.max(first, 1), last };
    } catch (error) {
      throw new LogUnavailableError('its last sequence could not be read', { cause: error });
    }
  }

  /** The messages from this sequence on that the log still has, so many at most: LogUnavailableError. */
  from(sequence: number, { count }: { count: number }): Promise<readonly StoredBytes[]> {
    return this.#direct.bytesFrom(sequence, { count, maxBytes: MAX_BYTES });
  }
}

/** What one read may bring into memory. */
const MAX_BYTES = 8_000_000;
