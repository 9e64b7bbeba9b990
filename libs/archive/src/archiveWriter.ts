import type { Archive } from './archive.ts';
import type { ArchiveStore } from './archiveStore.ts';
import { UnsafeStoreError } from './errors.ts';
import { encodeEntry, entryName, sealEntry } from './manifestEntry.ts';
import type { ManifestEntry } from './manifestEntry.ts';
import type { Segment } from './segmentBuilder.ts';

const PROBE = 'conditional-writes/probe';

/**
 * Adds segments to an archive: first their files, then the entry that makes them part of it, so that a crash leaves the
 * archive consistent. Of two writers that begin a segment at one sequence, one succeeds.
 */
export class ArchiveWriter {
  readonly #store: ArchiveStore;
  readonly #archive: Archive;

  private constructor(store: ArchiveStore, archive: Archive) {
    this.#store = store;
    this.#archive = archive;
  }

  /** @throws UnsafeStoreError for a store that ignores conditional writes; ArchiveUnavailableError. */
  static async open(store: ArchiveStore, archive: Archive): Promise<ArchiveWriter> {
    const probe = Buffer.from('Two archivers are kept apart by writes that fail when the file exists.\n');
    await store.create(PROBE, probe);
    if (await store.create(PROBE, probe)) throw new UnsafeStoreError();
    return new ArchiveWriter(store, archive);
  }

  /**
   * Adds a segment that continues the archive as last read. Returns false when another writer has added one there first:
   * then refresh the archive and build the next segment.
   */
  async add({ segment, index, ...entry }: Segment): Promise<boolean> {
    const [{ body, ...segmentFile }, { body: indexBody, ...indexFile }] = [segment, index];
    await this.#store.write(segmentFile.name, body);
    await this.#store.write(indexFile.name, indexBody);
    const previous = this.#archive.entries.at(-1)?.checksum ?? '';
    const whole: ManifestEntry = { format: 1, ...entry, segment: segmentFile, index: indexFile, previous };
    const added = await this.#store.create(entryName(entry.first), encodeEntry(sealEntry(whole)));
    await this.#archive.refresh();
    return added;
  }
}
