/** How many jobs are in an outbox. */
export interface OutboxCounts {
  readonly waiting: number;
  /** Whether more jobs wait than are counted, so that `waiting` and `oldest` are estimates. */
  readonly isEstimate: boolean;
  /** Jobs that have failed for their own sake and are tried again later; counted up to 100,000. */
  readonly deferred: number;
  /** Counted up to 100,000. */
  readonly rejected: number;
  /** When the oldest waiting job was enqueued. */
  readonly oldest: Date | undefined;
  /** Bytes of the tables in which jobs wait. */
  readonly bytes: number;
}

/** The row of `countJobs`. */
export interface Counted extends Omit<OutboxCounts, 'oldest'> {
  readonly oldest: number | null;
}

/** The first version with deferred jobs. */
export const CURRENT_VERSION = 4;

const COUNT = `SELECT waiting::float8, is_estimate AS "isEstimate", deferred::float8, rejected::float8, bytes::float8,
  (extract(epoch FROM oldest) * 1000)::float8 AS oldest FROM`;
const OF_OLDER_VERSION = '(SELECT *, false AS is_estimate, 0 AS deferred FROM jobstream.outbox_status()) AS report';

/**
 * The statement that counts what is in an outbox; it takes long for millions of jobs in one of an earlier version.
 *
 * @param options.waits says whether it waits while another transaction counts. Otherwise it returns no row then.
 */
export function countStatement({ isCurrent, waits }: { readonly isCurrent: boolean; readonly waits: boolean }): string {
  return `${COUNT} ${isCurrent ? `jobstream.outbox_report(waits => ${waits})` : OF_OLDER_VERSION}`;
}

/** What the statement has returned. */
export function countsOf(row: Counted | undefined): OutboxCounts {
  const counts = { waiting: 0, isEstimate: false, deferred: 0, rejected: 0, bytes: 0, ...row };
  return { ...counts, oldest: typeof row?.oldest === 'number' ? new Date(row.oldest) : undefined };
}
