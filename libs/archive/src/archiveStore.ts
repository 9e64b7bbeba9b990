/** A part of a file. */
export interface ByteRange {
  readonly offset: number;
  readonly bytes: number;
}

/**
 * Where the files of an archive are kept: names with one slash. What is written is durable when the promise resolves, and
 * is never seen in part. Every method rejects with ArchiveUnavailableError while the store is away.
 */
export interface ArchiveStore {
  /** The names under the folder that come after this one, in order; all of them for ''. */
  list(folder: string, after: string): Promise<readonly string[]>;
  /** The file, or the part of it that exists; undefined if there is no such file. */
  read(name: string, range?: ByteRange): Promise<Uint8Array | undefined>;
  /** Writes the file, or replaces it. */
  write(name: string, body: Uint8Array): Promise<void>;
  /** Writes the file unless it exists: false then. Of several who try at once, one succeeds. */
  create(name: string, body: Uint8Array): Promise<boolean>;
}
