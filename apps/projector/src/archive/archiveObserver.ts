import type { ArchiveBacklog } from './archiveBacklog.ts';

/** Told how archiving goes, for metrics. It must be cheap and must not throw. */
export interface ArchiveObserver {
  /** So much is not archived yet. */
  looked(backlog: ArchiveBacklog): void;
  /** A segment was written. */
  added(): void;
  /** The work is interrupted and will be tried again. */
  failed(): void;
}

export const silentArchiveObserver: ArchiveObserver = {
  looked: () => undefined,
  added: () => undefined,
  failed: () => undefined,
};
