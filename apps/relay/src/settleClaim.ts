import { LogOverloadedError, LogUnavailableError } from '@jobstream/eventlog';
import type { OutboxRow } from '@jobstream/outbox';
import type { Outcome } from './relayRow.ts';

/** What became of the rows of a claim. */
export interface SettledClaim {
  readonly outcomes: readonly Outcome[];
  /** Can never become jobs. */
  readonly rejected: readonly { readonly row: OutboxRow; readonly reason: string }[];
  /** Failed alone: they go back, and the rest of the claim leaves the outbox. */
  readonly kept: readonly { readonly row: OutboxRow; readonly error: unknown }[];
}

/**
 * Sorts the rows of a claim by what became of them.
 *
 * @throws the first failure when it is that of the log, or when all rows have failed: then the whole claim has to stay.
 */
export function settleClaim(
  rows: readonly OutboxRow[],
  settled: readonly PromiseSettledResult<Outcome>[],
): SettledClaim {
  const failures = settled.filter((one) => one.status === 'rejected').map(({ reason }) => reason as Error);
  const failure = failures.find(isOfLog) ?? (failures.length === rows.length ? failures[0] : undefined);
  if (failure !== undefined) throw failure;
  const outcomes: Outcome[] = [];
  const rejected: { row: OutboxRow; reason: string }[] = [];
  const kept: { row: OutboxRow; error: unknown }[] = [];
  for (const [index, row] of rows.entries()) {
    const one = settled[index];
    if (one?.status !== 'fulfilled') {
      kept.push({ row, error: one?.reason });
      continue;
    }
    outcomes.push(one.value);
    if (typeof one.value === 'object') rejected.push({ row, reason: one.value.reason });
  }
  return { outcomes, rejected, kept };
}

function isOfLog(error: unknown): boolean {
  return error instanceof LogUnavailableError || error instanceof LogOverloadedError;
}
