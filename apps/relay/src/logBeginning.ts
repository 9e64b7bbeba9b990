import type { EventLog } from '@jobstream/eventlog';
import type { OutboxRow } from '@jobstream/outbox';

export interface LogBeginningOptions {
  readonly log: Pick<EventLog, 'prefix'>;
  /** With an archive, the log itself knows the idempotency keys of jobs that it has lost. */
  readonly hasArchive: boolean;
  /** A clock in milliseconds; default that of the process. */
  readonly now?: () => number;
}

/** When the oldest message of the log was stored; 0 for a log that has lost nothing. */
type Beginning = Promise<number>;

/** Purged is what is old, so that the beginning of a log hardly moves meanwhile. */
const READ_EVERY_MS = 1_000;
/** By how much the clocks of an application's database and of the log may differ, and more. */
const SKEW_MS = 300_000;

/**
 * Knows of which rows the log may have had the job and lost it, so that it would take the job for a new one. The log is asked, since
 * what another process has purged does not depend on the settings of this one.
 */
export class LogBeginning {
  readonly #options: LogBeginningOptions;
  #read: { readonly at: number; readonly beginning: Beginning } | undefined;

  constructor(options: LogBeginningOptions) {
    this.#options = options;
  }

  /**
   * Whether the job of this row has to be looked for elsewhere before it is appended. With an idempotency key it may be far older than
   * its row.
   *
   * @throws LogUnavailableError.
   */
  async mayHaveLost({ keyDigest, enqueuedAt }: Pick<OutboxRow, 'keyDigest' | 'enqueuedAt'>): Promise<boolean> {
    const beganAt = await this.#beginning();
    if (beganAt === 0) return false;
    return keyDigest === null ? enqueuedAt < beganAt + SKEW_MS : !this.#options.hasArchive;
  }

  #beginning(): Beginning {
    const { log, now = () => performance.now() } = this.#options;
    if (this.#read === undefined || now() - this.#read.at >= READ_EVERY_MS) {
      const read = { at: now(), beginning: beginningOf(log) };
      this.#read = read;
      read.beginning.catch(() => {
        if (this.#read === read) this.#read = undefined;
      });
    }
    return this.#read.beginning;
  }
}

async function beginningOf({ prefix }: Pick<EventLog, 'prefix'>): Beginning {
  const { first, now } = await prefix.state();
  if (first <= 1) return 0;
  const [oldest] = await prefix.read(first, 1);
  return Date.parse(oldest?.recordedAt ?? now);
}
