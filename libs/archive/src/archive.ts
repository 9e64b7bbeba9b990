import type { ArchivedMessage } from './archivedMessage.ts';
import type { ArchiveStore } from './archiveStore.ts';
import { BlockReader } from './blockReader.ts';
import { ArchiveCorruptError } from './errors.ts';
import { jobIdOfMessage } from './archivedMessage.ts';
import { decodeEntry, entryName, MANIFEST_FOLDER } from './manifestEntry.ts';
import type { SealedEntry } from './manifestEntry.ts';

/** The sequences in the archive, `first` to `last` without a gap; both 0 for an empty archive. */
export interface ArchiveSpan {
  readonly first: number;
  readonly last: number;
  /** When the newest of them was recorded; undefined for an empty archive. */
  readonly maxTime: string | undefined;
}

const READS_AT_ONCE = 16;

/**
 * Reads archived messages, which may have expired from the log. Every file is verified before use: all methods that read
 * throw ArchiveCorruptError for a damaged file, and ArchiveUnavailableError while the store is unavailable. Manifest and
 * indexes, which never change, are cached: 8 bytes for each block in which a job has messages.
 */
export class Archive {
  readonly #store: ArchiveStore;
  readonly #blocks: BlockReader;
  #entries: readonly SealedEntry[] = [];
  #reading: Promise<void> | undefined;

  constructor(store: ArchiveStore) {
    this.#store = store;
    this.#blocks = new BlockReader(store);
  }

  /** The span as last read; `refresh` updates it. */
  get span(): ArchiveSpan {
    const last = this.#entries.at(-1);
    return { first: this.#entries[0]?.first ?? 0, last: last?.last ?? 0, maxTime: last?.maxTime };
  }

  /** The segments, oldest first. */
  get entries(): readonly SealedEntry[] {
    return this.#entries;
  }

  /** Reads the entries that were added since, and returns the new span. */
  async refresh(): Promise<ArchiveSpan> {
    this.#reading ??= this.#readEntries().finally(() => (this.#reading = undefined));
    await this.#reading;
    return this.span;
  }

  /** Reads all messages of a job, oldest first. */
  async messagesOf(jobId: string): Promise<readonly ArchivedMessage[]> {
    const found: ArchivedMessage[] = [];
    for (const entry of await this.#withIndexes()) {
      for (const block of (await this.#blocks.index(entry)).blocksOf(jobId)) {
        const messages = await this.#blocks.read(entry, block);
        found.push(...messages.filter((message) => jobIdOfMessage(message) === jobId));
      }
    }
    return found;
  }

  /** Reads the messages after a sequence, in order, a few hundred at a time, up to the span as last read. */
  async *messagesAfter(sequence: number): AsyncGenerator<readonly ArchivedMessage[]> {
    for (const entry of this.#entries.filter(({ last }) => last > sequence)) {
      for (const block of entry.blocks.keys()) {
        if ((entry.blocks[block + 1]?.first ?? entry.last + 1) <= sequence + 1) continue;
        const messages = await this.#blocks.read(entry, block);
        yield messages.filter((message) => message.sequence > sequence);
      }
    }
  }

  /** Verifies the whole archive and yields an error for every damaged file. */
  async *damage(): AsyncGenerator<ArchiveCorruptError> {
    for (const entry of this.#entries) {
      try {
        await this.#blocks.check(entry);
      } catch (error) {
        if (!(error instanceof ArchiveCorruptError)) throw error;
        yield error;
      }
    }
  }

  /** Reads the indexes concurrently, since there may be many. */
  async #withIndexes(): Promise<readonly SealedEntry[]> {
    const entries = this.#entries;
    for (let start = 0; start < entries.length; start += READS_AT_ONCE) {
      await Promise.all(entries.slice(start, start + READS_AT_ONCE).map((entry) => this.#blocks.index(entry)));
    }
    return entries;
  }

  async #readEntries(): Promise<void> {
    const last = this.#entries.at(-1);
    const names = await this.#store.list(MANIFEST_FOLDER, last === undefined ? '' : entryName(last.first));
    for (let start = 0; start < names.length; start += READS_AT_ONCE) {
      const part = names.slice(start, start + READS_AT_ONCE);
      for (const entry of await Promise.all(part.map((name) => this.#readEntry(name)))) this.#add(entry);
    }
  }

  async #readEntry(name: string): Promise<SealedEntry> {
    const bytes = await this.#store.read(name);
    if (bytes === undefined) throw new ArchiveCorruptError(name, 'has vanished');
    return decodeEntry(name, bytes);
  }

  #add(entry: SealedEntry): void {
    const last = this.#entries.at(-1);
    if (entry.previous !== (last?.checksum ?? '') || (last !== undefined && entry.first !== last.last + 1)) {
      const fault =
        last === undefined ? 'is not the first that was written' : `does not follow on ${entryName(last.first)}`;
      throw new ArchiveCorruptError(entryName(entry.first), fault);
    }
    this.#entries = [...this.#entries, entry];
  }
}
