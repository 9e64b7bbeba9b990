import {
  type AppendDeps,
  appendNewJob,
  existingJob,
  findExistingJob,
  isSameRequest,
  scopedCreationEvent,
} from '@jobstream/creation';
import { type EventLog, EventTooLargeError } from '@jobstream/eventlog';
import type { OutboxRow } from '@jobstream/outbox';
import { newJobOf } from './newJobOf.ts';

export interface RelayDeps extends AppendDeps {
  readonly log: AppendDeps['log'] & Pick<EventLog, 'clock'>;
  /** How long the log keeps events, in milliseconds; 0 for ever. */
  readonly keepMs: number;
}

/** What became of a row: a new job, one that exists already, or none for the reason given. */
export type Outcome = 'created' | 'repeated' | { readonly reason: string };

/**
 * Appends the job of a row by the same path as the API. A row comes back when a relay ended before its commit: then its job is
 * there already, with the same fingerprint.
 *
 * @throws LogUnavailableError and the like, after which the row has to stay.
 */
export async function relayRow(row: OutboxRow, deps: RelayDeps): Promise<Outcome> {
  const now = deps.log.clock.now();
  const job = newJobOf(row, now);
  if ('reason' in job) return job;
  const find = (id: string) => findExistingJob(id, deps);
  // A row without a key that came back after a long time: the log would take its job for a new one.
  const mayHaveExpired = deps.keepMs > 0 && now - row.enqueuedAt > deps.keepMs;
  if (mayHaveExpired && row.keyDigest === null && (await find(row.id)) !== undefined) return 'repeated';
  try {
    if (await appendNewJob(scopedCreationEvent(job), deps)) return 'created';
  } catch (error) {
    if (error instanceof EventTooLargeError) return { reason: error.message };
    throw error;
  }
  const isSame = isSameRequest(await existingJob(row.id, find), job.identity);
  return isSame ? 'repeated' : { reason: 'idempotencyKey belongs to a job with another body' };
}
