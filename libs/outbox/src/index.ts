export { OutboxRefusedError, OutboxUnavailableError } from './errors.ts';
export { installOutbox, outboxStatus, uninstallOutbox, type OutboxStatus } from './installOutbox.ts';
export { outboxSql } from './outboxVersions.ts';
