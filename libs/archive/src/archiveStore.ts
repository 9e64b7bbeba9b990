/** A part of a file. */
export interface ByteRange {
  readonly offset: number;
  readonly bytes: number;
}

/**
 * The storage of an archive: files whose names have one slash. A write is durable when its promise resolves, and is never
 * visible in part. Every method rejects with ArchiveUnavailableError while the store is unavailable.
 */
export interface ArchiveStore {
  /** Lists the names in the folder after `after`, in order; all of them for ''. */
  list(folder: string, after: string): Promise<readonly string[]>;
  /** Reads the file, or the existing part of the range; undefined if there is no such file. */
  read(name: string, range?: ByteRange): Promise<Uint8Array | undefined>;
  /** Writes or replaces the file. */
  write(name: string, body: Uint8Array): Promise<void>;
  /** Writes the file; returns false if it exists. Of several concurrent calls one succeeds. */
  create(name: string, body: Uint8Array): Promise<boolean>;
}
