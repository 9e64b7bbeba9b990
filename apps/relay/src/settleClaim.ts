import { ArchiveUnavailableError } from '@jobstream/archive';
import { UnreadableConflictError } from '@jobstream/creation';
import { LogOverloadedError, LogUnavailableError } from '@jobstream/eventlog';
import { type FailedRow, type OutboxRow, OutboxUnavailableError, type SettledRows } from '@jobstream/outbox';
import { ReadModelUnavailableError, SchemaMismatchError } from '@jobstream/readmodel';
import type { Outcome } from './relayRow.ts';
import type { RepeatedFailures } from './repeatedFailures.ts';

/** What became of the rows of a claim. */
export interface SettledClaim extends SettledRows {
  readonly outcomes: readonly Outcome[];
  /** Why the others stay where they are. */
  readonly stays: readonly Error[];
}

const TEMPORARY = [
  OutboxUnavailableError,
  LogUnavailableError,
  LogOverloadedError,
  ReadModelUnavailableError,
  SchemaMismatchError,
  ArchiveUnavailableError,
];

/** Whether a server that a relay needs is unavailable, which says nothing about a row. */
export function isTemporary(error: unknown): boolean {
  return !(error instanceof UnreadableConflictError) && TEMPORARY.some((kind) => error instanceof kind);
}

/**
 * Sorts the rows of a claim by what became of them. A row that has failed for its own sake is deferred, so that it does not keep its
 * table from being drained; those that failed with an outage stay.
 */
export function settleClaim(
  rows: readonly OutboxRow[],
  settled: readonly PromiseSettledResult<Outcome>[],
  failures: RepeatedFailures,
): SettledClaim {
  const outcomes: Outcome[] = [];
  const relayed: OutboxRow[] = [];
  const failed: FailedRow[] = [];
  const stays: Error[] = [];
  failures.stored(settled.filter((one) => one.status === 'fulfilled' && one.value === 'created').length);
  for (const [index, row] of rows.entries()) {
    const one = settled[index];
    if (one?.status === 'fulfilled') {
      outcomes.push(one.value);
      if (typeof one.value === 'string') relayed.push(row);
      else failed.push({ row, reason: one.value.reason, isHopeless: true });
      continue;
    }
    const error = one?.reason as Error;
    if (isOwn(row, error, failures)) failed.push({ row, reason: error.message, isHopeless: false });
    else stays.push(error);
  }
  return { outcomes, relayed, failed, stays };
}

function isOwn({ id }: OutboxRow, error: unknown, failures: RepeatedFailures): boolean {
  if (!isTemporary(error)) return true;
  return error instanceof LogUnavailableError && failures.failed(id);
}
