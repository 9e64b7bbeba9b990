import { randomUUID } from 'node:crypto';
import { uuidV7 } from '@jobstream/domain';
import type { Actor } from '@jobstream/domain';
import type { QueryResultRow } from 'pg';
import type { Difference } from '../comparison/difference.ts';
import { PostgresService, type PoolOptions } from '../postgres/postgresService.ts';
import { type RebuildProgress, RUNNER_SILENCE } from '../rebuild/rebuildRequests.ts';

const KEPT = 100;
/** Reading the whole log is not for every second. */
const PAUSE_S = 60;

const COLUMNS = `id, status, requested_by::json AS "requestedBy", progress::json, result::json,
  requested_at AS "requestedAt", started_at AS "startedAt", finished_at AS "finishedAt"`;

const REQUEST = `INSERT INTO verifications (id, requested_by)
  SELECT $1, $2 WHERE NOT EXISTS (SELECT FROM verifications WHERE finished_at > now() - make_interval(secs => $3))
  ON CONFLICT DO NOTHING`;

const UNFINISHED = `SELECT ${COLUMNS} FROM verifications WHERE finished_at IS NULL`;
const LAST = `SELECT ${COLUMNS}, extract(epoch FROM now() - finished_at)::float8 AS "ageS" FROM verifications
  WHERE finished_at IS NOT NULL ORDER BY finished_at DESC LIMIT 1`;

const CLAIM = `UPDATE verifications SET status = 'running', runner = $1, started_at = coalesce(started_at, now()),
    updated_at = now()
  WHERE status = 'requested' OR status = 'running' AND updated_at < now() - interval '${RUNNER_SILENCE}'
  RETURNING ${COLUMNS}`;

const REPORT = `UPDATE verifications SET progress = coalesce($2::jsonb, progress), updated_at = now()
  WHERE runner = $1 AND status = 'running'`;

const FINISH = `UPDATE verifications SET status = $2, result = $3, updated_at = now(), finished_at = now()
  WHERE runner = $1 AND status = 'running'`;

const RECORD = `INSERT INTO verifications (id, status, result, started_at, finished_at) VALUES ($1, $2, $3, $4, now())`;

const REMOVE_OLD = `DELETE FROM verifications WHERE id IN
  (SELECT id FROM verifications WHERE finished_at IS NOT NULL ORDER BY finished_at DESC OFFSET ${KEPT})`;

interface VerificationsOptions extends PoolOptions {
  /** Seconds after the end of a verification in which no other one can be requested; default 60. */
  readonly pauseS?: number;
}

/**
 * Comparisons of the tables with the log, which one process requests and another runs, one at a time. Every method
 * rejects with ReadModelUnavailableError or SchemaMismatchError.
 */
export class Verifications extends PostgresService {
  readonly name = 'verifications';
  readonly #pauseS: number;

  constructor({ pauseS = PAUSE_S, ...options }: VerificationsOptions) {
    super({ maxConnections: 2, ...options });
    this.#pauseS = pauseS;
  }

  /**
   * Requests a verification, unless one has not ended, or ended a moment ago.
   *
   * @returns the verification that has not ended, or the seconds after which another one can be requested.
   */
  async request(by: Actor): Promise<RequestedVerification | { readonly retryAfterS: number }> {
    await this.#ask(REQUEST, [uuidV7(Date.now(), randomUUID()), JSON.stringify(by), this.#pauseS]);
    const { unfinished, last } = await this.read();
    return unfinished ?? { retryAfterS: Math.max(1, Math.ceil(this.#pauseS - (last?.ageS ?? 0))) };
  }

  /** The one that has not ended, and the last one that has. */
  async read(): Promise<LatestVerifications> {
    const [unfinished] = await this.#ask<RequestedVerification>(UNFINISHED, []);
    const [last] = await this.#ask<RequestedVerification & { readonly ageS: number }>(LAST, []);
    return { unfinished, last };
  }

  /** Claims a request that no live runner has claimed. */
  async claim(runner: string): Promise<RequestedVerification | undefined> {
    return (await this.#ask<RequestedVerification>(CLAIM, [runner]))[0];
  }

  /** Reports progress and that the runner is alive; returns whether it still has the request. */
  async report(runner: string, progress: RebuildProgress | undefined): Promise<boolean> {
    const json = progress === undefined ? null : JSON.stringify(progress);
    return this.use(async (pool) => (await pool.query(REPORT, [runner, json])).rowCount === 1);
  }

  async finish(runner: string, status: VerificationEnd, result: VerificationResult): Promise<void> {
    await this.#ask(FINISH, [runner, status, JSON.stringify(result)]);
    await this.#ask(REMOVE_OLD, []);
  }

  /** Records a verification that this process has run by itself. */
  async record(status: VerificationEnd, result: VerificationResult, startedAt: Date): Promise<void> {
    await this.#ask(RECORD, [uuidV7(Date.now(), randomUUID()), status, JSON.stringify(result), startedAt]);
    await this.#ask(REMOVE_OLD, []);
  }

  #ask<Row extends QueryResultRow>(text: string, values: readonly unknown[]): Promise<Row[]> {
    return this.use(async (pool) => (await pool.query<Row>(text, [...values])).rows);
  }
}

/** `lags`: the table had not reached what the log had, and did not advance; what it has was compared. */
export type VerificationEnd = 'equal' | 'differs' | 'lags' | 'failed';

/** A verification; times are RFC 3339. */
export interface RequestedVerification {
  readonly id: string;
  readonly status: 'requested' | 'running' | VerificationEnd;
  readonly requestedBy: Actor | null;
  readonly progress: RebuildProgress | null;
  readonly result: VerificationResult | null;
  readonly requestedAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
}

export interface LatestVerifications {
  readonly unfinished: RequestedVerification | undefined;
  readonly last: (RequestedVerification & { readonly ageS: number }) | undefined;
}

export interface VerificationResult {
  /** The sequence at which both were compared, and the last one of the log after that. */
  readonly position?: number;
  readonly end?: number;
  readonly jobs?: number;
  readonly differences?: number;
  /** The first differences. */
  readonly first?: readonly Difference[];
  /** Jobs with events that only a newer release can read. */
  readonly unreadableJobs?: number;
  /** Messages on subjects of jobs that change nothing, whoever folds the log. */
  readonly ignoredMessages?: number;
  /** Why it failed. */
  readonly reason?: string;
}
