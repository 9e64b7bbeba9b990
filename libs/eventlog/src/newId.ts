import { randomUUID } from 'node:crypto';
import { uuidV7 } from '@jobstream/domain';

/** Returns a new id for a job, an event or an entry of the audit log: a time-ordered UUID, which `node:crypto` itself makes from Node 24.12 on. */
export function newId(): string {
  return uuidV7(Date.now(), randomUUID());
}
