import type { ConnectionOptions } from './connection/connection.ts';
import type { MasterKey } from './sealing/jobKeys.ts';
import type { ManagedConsumers } from './queue/consumers/consumerManager.ts';
import type { LogArchive } from './read/expiredEvents.ts';
import type { LogObserver } from './append/logObserver.ts';
import type { LogsRetention } from './streams/logsStream.ts';

export interface EventLogOptions extends ConnectionOptions {
  /**
   * Whether missing streams are created and the settings of existing ones checked; default true. If false, the streams are
   * used as they are, for programs that do not know how the system was set up.
   */
  readonly createStreams?: boolean;
  /**
   * Whether this process creates the consumers of all job types and restores them: see ConsumerManager. Without it, a
   * process with a NATS user waits for consumers instead of creating them, as that user may not; on an open server it
   * creates its own.
   */
  readonly managesConsumers?: ManagedConsumers | undefined;
  /** Copies of each stream in a cluster; default 1. Not needed without `createStreams`. */
  readonly replicas?: number;
  /** Age from which on a keeper may purge events; default 0 (never). In logs of earlier releases the server expires them. */
  readonly maxAgeMs?: number;
  /** How much of the log lines of attempts is kept; without it, their stream is used as it is. */
  readonly logsRetention?: LogsRetention;
  /** Has the messages that expired in the log; without an archive they are gone. */
  readonly archive?: LogArchive | undefined;
  /**
   * With them the contents of jobs are encrypted when stored, each job's with a key that the first of these wraps, and
   * decrypted when read. Without them contents are stored in clear, and encrypted ones are unreadable.
   */
  readonly masterKeys?: readonly MasterKey[] | undefined;
  /** Whether pending appends are committed together; default true. */
  readonly groupCommit?: boolean;
  /** How long an append or a read may take altogether, reconnecting included; default 4,000 ms. */
  readonly deadlineMs?: number;
  /** Appends that may be pending before further ones are rejected; default 20,000. */
  readonly maxPending?: number;
  /** Bytes of events that may be pending before further appends are rejected; default 64,000,000. */
  readonly maxPendingBytes?: number;
  readonly observer?: LogObserver;
  /** The monitoring addresses of the servers, for what they store and whether they still can; default none. */
  readonly monitorUrls?: readonly string[];
  /** The folder of the only server's data, where this process sees it. */
  readonly storeDir?: string | undefined;
  /** Returns the W3C `traceparent` of the current work, which appends and timers carry. */
  readonly traceparent?: () => string | undefined;
}
