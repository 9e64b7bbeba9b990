import { createHash } from 'node:crypto';
import type { Evidence } from './evidence.ts';
import type { RawMessage } from '../../harness/rawLog.ts';
import type { Violation } from './violation.ts';

/** Every server of a cluster must hold the very same log. */
export function checkCopies({ copies, messages }: Evidence): readonly Violation[] {
  const digest = digestOf(messages);
  return copies
    .filter((copy) => copy.digest !== digest)
    .map(({ node }) => ({ rule: 'copy', detail: `the log on ${node} differs` }));
}

/** Stands for all messages and their order. */
export function digestOf(messages: readonly RawMessage[]): string {
  const hash = createHash('sha256');
  for (const { sequence, subject, headers, body } of messages) {
    hash.update(JSON.stringify([sequence, subject, headers, body]));
  }
  return hash.digest('hex');
}
