import { createHash } from 'node:crypto';
import type { RawMessage } from '../../harness/rawLog.ts';
import type { Evidence } from './evidence.ts';
import { creations, type LoggedEvent } from './readHistories.ts';
import type { Violation } from './violation.ts';

/** A log from which nothing can be deleted has every sequence from its first to its last. */
export function checkGaps({ firstSequence, lastSequence, messages }: Evidence): readonly Violation[] {
  const violations: Violation[] = [];
  const found = new Set(messages.map(({ sequence }) => sequence));
  if (lastSequence === 0) return violations;
  for (let sequence = firstSequence; sequence <= lastSequence; sequence += 1) {
    if (!found.has(sequence)) violations.push({ rule: 'message', detail: `sequence ${sequence} is missing` });
  }
  return violations;
}

/**
 * Versions count 1, 2, 3, and every append expected exactly the job's event before it, by the one filter of the job, or a
 * message of the stranger behind that. Which one is not told: a cluster does not compare an append with messages that are on
 * their way and expect nothing.
 */
export function checkChain(jobId: string, history: readonly LoggedEvent[]): readonly Violation[] {
  return history.flatMap((event, index) => {
    const previous = history[index - 1];
    const violations: Violation[] = [];
    const complain = (rule: 'version' | 'chain', detail: string) =>
      violations.push({ rule, jobId, detail: `${event.event} at ${event.sequence} ${detail}` });
    const version = (previous?.version ?? 0) + 1;
    const expected = [previous?.sequence ?? 0, ...event.junkBefore].map(String);
    if (event.version !== version) complain('version', `has version ${event.version}, not ${version}`);
    if (!expected.includes(event.expected ?? '')) {
      complain('chain', `expected sequence ${event.expected}, not ${expected.join(' or ')}`);
    }
    if (!isFilterOf(event)) complain('chain', `expected it on ${event.filter}`);
    return violations;
  });
}

/** A creation under an idempotency key, or with a priority, looks at all subjects of its job; another at its own. */
function isFilterOf({ filter, event, jobType, jobId, data }: LoggedEvent): boolean {
  if (!creations.includes(event)) return filter === `jobs.${jobType}.${jobId}.>`;
  const looksAtItself = event === 'JobCreated' && data['idempotencyKey'] === undefined;
  return filter === (looksAtItself ? undefined : `jobs.*.${jobId}.>`);
}

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
