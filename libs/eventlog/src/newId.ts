import * as crypto from 'node:crypto';
import { uuidV7 } from '@jobstream/domain';

const ofNode: (() => string) | undefined = crypto.randomUUIDv7;

/** Returns a new id for a job, an event or an entry of the audit log: a time-ordered UUID (version 7). */
export function newId(): string {
  // Node has it from 24.12 on, at less than half the cost.
  return ofNode?.() ?? uuidV7(Date.now(), crypto.randomUUID());
}
