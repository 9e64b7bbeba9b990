import type { Outbox } from '@jobstream/outbox';
import type { Logger } from '@jobstream/runtime';
import type { CauseLog } from './causeLog.ts';
import type { ClaimRoom } from './claimRoom.ts';
import type { RelayMetrics } from './relayMetrics.ts';
import type { RelayDeps } from './relayRow.ts';
import type { RepeatedFailures } from './repeatedFailures.ts';
import type { TableCursors } from './tableCursors.ts';
import type { AnnouncingLog, UnknownTypes } from './unknownTypes.ts';

export interface OutboxRelayOptions {
  readonly outbox: Outbox;
  readonly deps: RelayDeps;
  readonly log: AnnouncingLog;
  /** How much each claim takes at most. */
  readonly room: ClaimRoom;
  /** Whether the log takes appends: while it does not, rows are left where they are. */
  readonly isWritable: () => boolean;
  readonly metrics: RelayMetrics;
  readonly logger: Logger;
}

/** What the loops of a relay know together. */
export interface Shared {
  readonly cursors: TableCursors;
  readonly causes: CauseLog;
  readonly failures: RepeatedFailures;
  readonly unknownTypes: UnknownTypes;
  /** The last claim of the first lane, or a later one, found rows: others may come before its appends are acknowledged. */
  isBusy: boolean;
  /** There are deferred rows, or were when they were counted. */
  hasDeferred: boolean;
}
