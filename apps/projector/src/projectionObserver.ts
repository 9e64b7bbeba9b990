import type { LogEntry } from '@jobstream/eventlog';

/** Told how the projection goes, for metrics. It must be cheap and must not throw. */
export interface ProjectionObserver {
  /** This process took the lock and goes on after this sequence. */
  began(sequence: number): void;
  /** Another process has the lock. */
  stoodBy(): void;
  /** The work is interrupted and will be tried again. */
  interrupted(): void;
  /** These messages, oldest first, are in the table. */
  projected(entries: readonly LogEntry[], ms: number): void;
  /** So many messages were put aside. */
  quarantined(messages: number): void;
}

export const silentObserver: ProjectionObserver = {
  began: () => undefined,
  stoodBy: () => undefined,
  interrupted: () => undefined,
  projected: () => undefined,
  quarantined: () => undefined,
};
