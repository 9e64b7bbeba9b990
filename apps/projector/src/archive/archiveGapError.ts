/** The log has forgotten messages that are not in the archive; going on would leave a hole in it. */
export class ArchiveGapError extends Error {
  readonly code = 'ARCHIVE_GAP';

  constructor(first: number, last: number) {
    super(
      `the log has forgotten messages ${first} to ${last}, which are not in the archive: ` +
        (first === 1
          ? 'see that it is the right archive, or begin one that lacks them with npm run archive -- --begin-late'
          : 'restore the archive, or begin another one in a new place with npm run archive -- --begin-late'),
    );
    this.name = 'ArchiveGapError';
  }
}
