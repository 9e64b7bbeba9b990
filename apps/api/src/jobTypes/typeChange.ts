import type { AuditedChange } from '../audit/auditedChange.ts';

/** What the audit log has of a change to one type. A type has no events that would tell who changed it. */
export function typeChange(verb: 'change' | 'remove' | 'pause' | 'resume'): AuditedChange {
  return { action: `type.${verb}`, subject: 'type', required: true, details: (body) => body };
}
