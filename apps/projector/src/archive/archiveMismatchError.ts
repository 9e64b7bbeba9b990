/** The archive has messages that are not those of the log; going on would join the histories of two logs. */
export class ArchiveMismatchError extends Error {
  readonly code = 'ARCHIVE_MISMATCH';

  constructor(detail: string) {
    super(
      `the archive is not one of this log: ${detail}. See that it is the right archive and the right log; for a log that ` +
        'was restored from an older copy or created anew, begin another archive in a new place',
    );
    this.name = 'ArchiveMismatchError';
  }
}
