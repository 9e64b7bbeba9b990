export { DEFERRED, FIRST_PLACE } from './claimJobs.ts';
export type { Claim, Claimed, FailedRow, OutboxRow, SettledRows } from './claimJobs.ts';
export type { OutboxCounts } from './countJobs.ts';
export { OutboxRefusedError, OutboxUnavailableError } from './errors.ts';
export {
  discardRejected,
  listDeferred,
  listRejected,
  rejectDeferred,
  retryJobs,
  type DeferredJob,
  type RejectedJob,
} from './failedJobs.ts';
export { installOutbox, outboxStatus, type OutboxStatus } from './installOutbox.ts';
export { Outbox, type OutboxTable } from './outbox.ts';
export { outboxSql } from './outboxVersions.ts';
export { uninstallOutbox } from './uninstallOutbox.ts';
