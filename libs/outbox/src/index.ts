export type { OutboxCounts } from './countJobs.ts';
export { OutboxRefusedError, OutboxUnavailableError } from './errors.ts';
export { installOutbox, outboxStatus, uninstallOutbox, type OutboxStatus } from './installOutbox.ts';
export { FIRST_PLACE, Outbox } from './outbox.ts';
export type { Claim, Claimed, OutboxRow, OutboxTable, Unrelayed } from './outbox.ts';
export { outboxSql } from './outboxVersions.ts';
export { discardRejected, listRejected, retryRejected, type RejectedJob } from './rejectedJobs.ts';
