/** A file of the archive is damaged; none of it is used. Restore the file from a copy. */
export class ArchiveCorruptError extends Error {
  readonly code = 'ARCHIVE_CORRUPT';
  /** The name of the file in the archive. */
  readonly file: string;

  constructor(file: string, detail: string, options?: ErrorOptions) {
    super(`the archive is damaged: ${file} ${detail}`, options);
    this.name = 'ArchiveCorruptError';
    this.file = file;
  }
}

/** The folder or bucket of the archive is unavailable. Try again later. */
export class ArchiveUnavailableError extends Error {
  readonly code = 'ARCHIVE_UNAVAILABLE';

  constructor(detail: string, options?: ErrorOptions) {
    super(`the archive is not available: ${detail}`, options);
    this.name = 'ArchiveUnavailableError';
  }
}

/** The store lets two writers create one file, so that two archivers could overwrite each other. */
export class UnsafeStoreError extends Error {
  readonly code = 'UNSAFE_STORE';

  constructor() {
    super(
      'the store of the archive ignores conditional writes (If-None-Match), without which archivers overwrite each other',
    );
    this.name = 'UnsafeStoreError';
  }
}
