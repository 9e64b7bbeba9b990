import type { RemoteLog } from './remoteLog.ts';

/**
 * Faults that a test of the simulation plants, to see that it finds them; none outside of those tests. Each wrapper stands between a
 * process and its log.
 */
export interface Sabotage {
  readonly worker?: (log: RemoteLog) => RemoteLog;
  readonly api?: (log: RemoteLog) => RemoteLog;
  readonly keeper?: (log: RemoteLog) => RemoteLog;
  /** Whether a message that was not acknowledged is delivered again; default: true. */
  readonly redelivers?: boolean;
}
