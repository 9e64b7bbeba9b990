import type { Archive } from '@jobstream/archive';
import { spanOfLog } from '@jobstream/eventlog';
import type { EndOfLogOptions, LogMessages } from '@jobstream/eventlog';
import { assertNotAhead, assertSameLog } from '../archive/archiveSegment.ts';

/** Processes look at the archive every five minutes before they decide that a job is new. */
const SETTLE_MS = 600_000;

export interface ArchivedThroughOptions extends Pick<EndOfLogOptions, 'patienceMs'> {
  /** After how many milliseconds every process is taken to have seen a message in the archive. */
  readonly settleMs?: number;
}

interface Sight {
  readonly last: number;
  /** In the time of `performance.now()`. */
  readonly at: number;
}

/**
 * Knows which messages every process will find in the archive: those that this process saw there ten minutes ago. A
 * process that has just started knows of none.
 */
export class ArchivedThrough {
  readonly #archive: Archive;
  readonly #messages: Pick<LogMessages, 'span' | 'from'>;
  readonly #options: ArchivedThroughOptions;
  #sights: readonly Sight[] = [];

  constructor(archive: Archive, messages: Pick<LogMessages, 'span' | 'from'>, options: ArchivedThroughOptions = {}) {
    this.#archive = archive;
    this.#messages = messages;
    this.#options = options;
  }

  /**
   * Returns the last of these messages, 0 if there is none.
   *
   * @throws ArchiveMismatchError when the archive belongs to another log; what the log and the archive throw.
   */
  async sequence(): Promise<number> {
    const { settleMs = SETTLE_MS } = this.#options;
    const span = await this.#archive.refresh();
    const now = performance.now();
    assertNotAhead(span, await spanOfLog(this.#messages, span.last, this.#options));
    await assertSameLog(this.#archive, { messages: this.#messages });
    if (span.last !== this.#sights.at(-1)?.last) this.#sights = [...this.#sights, { last: span.last, at: now }];
    const settled = this.#sights.findLastIndex(({ at }) => now - at >= settleMs);
    this.#sights = this.#sights.slice(Math.max(settled, 0));
    return settled === -1 ? 0 : (this.#sights[0]?.last ?? 0);
  }
}
