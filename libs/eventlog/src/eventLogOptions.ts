import type { MasterKey } from './contents/jobKeys.ts';
import type { LogArchive } from './read/logArchive.ts';
import type { LogObserver } from './append/logObserver.ts';
import type { LogSink } from './connection/logSink.ts';

export interface EventLogOptions {
  /** One URL or several, separated by commas. */
  readonly url: string;
  /** Shown to operators in the server's list of connections, and the name of its inbox, e.g. `api`. */
  readonly name: string;
  readonly credsFile?: string | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** Copies of each stream in a cluster; 1 unless told. */
  readonly replicas?: number;
  /** How long the log keeps events; 0 (for ever) unless told. */
  readonly maxAgeMs?: number;
  /** Where the messages are that it has forgotten; without one they are gone. */
  readonly archive?: LogArchive | undefined;
  /**
   * Contents of jobs are encrypted with keys that these protect, and read as they were. Without them contents are stored as
   * they are, and what is encrypted reads as unreadable.
   */
  readonly masterKeys?: readonly MasterKey[] | undefined;
  /** Whether waiting appends are committed together; true unless told. */
  readonly groupCommit?: boolean;
  /** How long an append or a read may take altogether, reconnecting included; 4,000 ms unless told. */
  readonly deadlineMs?: number;
  /** Appends that may wait at once before further ones are refused; 20,000 unless told. */
  readonly maxPending?: number;
  /** Bytes of events that may wait at once; 64,000,000 unless told. */
  readonly maxPendingBytes?: number;
  readonly logger?: LogSink;
  readonly observer?: LogObserver;
  /** The W3C `traceparent` of the work that is being done where this is called; appends and wake-ups carry it. */
  readonly traceparent?: () => string | undefined;
}
