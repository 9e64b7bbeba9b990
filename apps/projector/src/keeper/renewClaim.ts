import { fold, isTerminal } from '@jobstream/domain';
import { ConcurrentAppendError, type EventLog, type StoredClaim } from '@jobstream/eventlog';

export interface ClaimContext {
  readonly eventLog: Pick<EventLog, 'prefix' | 'unique'>;
  /** The last message of the log that is about to go. */
  readonly through: number;
  /** The server's clock, RFC 3339. */
  readonly now: string;
}

/**
 * Claims a unique key again whose newest claim the log is about to lose, for the job that holds it: as long as that has not
 * ended, and until the time that the claim names. Another claim that is stored meanwhile needs no renewal.
 */
export async function renewClaim(key: string, context: ClaimContext): Promise<void> {
  const { unique } = context.eventLog;
  const claim = await unique.newest(key);
  if (claim === undefined || claim.sequence > context.through || !(await mayHold(claim, context))) return;
  await unique.renew(key, claim).catch((error: unknown) => {
    if (!(error instanceof ConcurrentAppendError)) throw error;
  });
}

async function mayHold(
  { jobId, jobType, until, renewed }: StoredClaim,
  { eventLog, now }: ClaimContext,
): Promise<boolean> {
  if (jobId === '') return false;
  const { events } = await eventLog.prefix.storedHistory(jobId, jobType);
  if (events.some(({ event }) => event.event === 'UnreadableEvent')) return true;
  const job = fold(events.map(({ event }) => event));
  if (job !== undefined && !isTerminal(job.status)) return true;
  // A claim without its job was never stored whole, unless the job has left the log since.
  return until !== undefined && now < until && (events.length > 0 || renewed === true);
}
