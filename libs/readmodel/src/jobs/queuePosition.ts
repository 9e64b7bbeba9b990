import type { Pool } from 'pg';

/** Where a job stands among those of its type that are pending. */
export interface QueuePosition {
  /** Pending jobs of the type that could run before it. */
  readonly ahead: number;
  /** Whether there may be more than were counted. */
  readonly isMore: boolean;
  /** Attempts of the type that have ended in this minute and the one before. */
  readonly ended: number;
  /** How many milliseconds those are. */
  readonly endedWithinMs: number;
}

export interface QueuedJob {
  readonly id: string;
  readonly type: string;
  /** RFC 3339: since when it could run. */
  readonly readyAt: string;
  /** Counts only jobs of this tenant; default: all. */
  readonly tenant?: string | undefined;
  /** RFC 3339: the time by the server's clock. */
  readonly now: string;
}

/** Entries of the index over unfinished jobs that are read, of all types: some milliseconds. */
const READ_AT_MOST = 20_000;

const POSITION = {
  name: 'queue_position',
  text: `WITH earlier AS (
      SELECT type FROM jobs WHERE status = 'pending' AND (created_at, id) < ($2::timestamptz, $3::uuid)
        AND ($4::text IS NULL OR tenant = $4)
      ORDER BY created_at DESC, id DESC LIMIT ${READ_AT_MOST})
    SELECT (SELECT count(*) FROM earlier WHERE type = $1)::int AS ahead,
      (SELECT count(*) FROM earlier)::int = ${READ_AT_MOST} AS "isMore",
      (SELECT coalesce(sum(completed + failed + retried), 0) FROM job_statistics WHERE resolution = 'minute'
        AND type = $1 AND starts_at >= date_trunc('minute', $5::timestamptz) - interval '1 minute')::int AS ended`,
};

const MINUTE_MS = 60_000;

export async function findQueuePosition(pool: Pool, job: QueuedJob): Promise<QueuePosition> {
  const { id, type, readyAt, tenant = null, now } = job;
  const values = [type, readyAt, id, tenant, now];
  const { rows } = await pool.query<Omit<QueuePosition, 'endedWithinMs'>>({ ...POSITION, values });
  const { ahead = 0, isMore = false, ended = 0 } = rows[0] ?? {};
  return { ahead, isMore, ended, endedWithinMs: MINUTE_MS + (Date.parse(now) % MINUTE_MS) };
}
