import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { ArchivedMessage } from './archivedMessage.ts';
import type { ArchiveStore } from './archiveStore.ts';
import { ArchiveCorruptError } from './errors.ts';
import { JobIndex } from './jobIndex.ts';
import type { CheckedFile, ManifestEntry } from './manifestEntry.ts';
import { decodeLines } from './archivedMessage.ts';
import { sha256 } from './manifestEntry.ts';

const unpack = promisify(gunzip);

/**
 * Reads blocks and indexes of segments and verifies their checksums; caches the indexes. Those who ask for a block while it is
 * being read share it: the jobs of a list have their events in the same blocks.
 */
export class BlockReader {
  readonly #store: ArchiveStore;
  readonly #indexes = new Map<string, JobIndex>();
  readonly #reading = new Map<string, Promise<readonly ArchivedMessage[]>>();

  constructor(store: ArchiveStore) {
    this.#store = store;
  }

  /** Reads one block of a segment. @throws ArchiveCorruptError, ArchiveUnavailableError. */
  read(entry: ManifestEntry, block: number): Promise<readonly ArchivedMessage[]> {
    const key = `${entry.segment.name} ${block}`;
    const underWay = this.#reading.get(key);
    if (underWay !== undefined) return underWay;
    const reading = this.#load(entry, block).finally(() => this.#reading.delete(key));
    this.#reading.set(key, reading);
    return reading;
  }

  async #load({ segment, blocks }: ManifestEntry, block: number): Promise<readonly ArchivedMessage[]> {
    const range = blocks[block];
    if (range === undefined) throw new ArchiveCorruptError(segment.name, `has no block ${block}`);
    const bytes = await this.#store.read(segment.name, range);
    assertIntact({ ...segment, ...range }, bytes);
    return decodeLines((await unpack(bytes)).toString());
  }

  /** Reads the index of a segment. @throws ArchiveCorruptError, ArchiveUnavailableError. */
  async index({ index }: ManifestEntry): Promise<JobIndex> {
    const known = this.#indexes.get(index.name);
    if (known !== undefined) return known;
    const bytes = await this.#store.read(index.name);
    assertIntact(index, bytes);
    const read = new JobIndex(bytes);
    this.#indexes.set(index.name, read);
    return read;
  }

  /** Verifies both files of a segment. @throws ArchiveCorruptError, ArchiveUnavailableError. */
  async check({ segment, index }: ManifestEntry): Promise<void> {
    for (const file of [segment, index]) assertIntact(file, await this.#store.read(file.name));
  }
}

function assertIntact(file: CheckedFile, bytes: Uint8Array | undefined): asserts bytes is Uint8Array {
  if (bytes === undefined) throw new ArchiveCorruptError(file.name, 'is missing');
  if (bytes.length < file.bytes) throw new ArchiveCorruptError(file.name, 'is too short');
  if (sha256(bytes) !== file.sha256) throw new ArchiveCorruptError(file.name, 'does not match its checksum');
}
