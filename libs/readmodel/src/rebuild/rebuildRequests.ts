import { randomUUID } from 'node:crypto';
import { uuidV7 } from '@jobstream/domain';
import type { QueryResultRow } from 'pg';
import { JOBS_PROJECTION } from '../projection/checkpointFence.ts';
import type { PoolOptions } from '../postgres/postgresService.ts';
import { PostgresService } from '../postgres/postgresService.ts';
import type { Difference } from '../comparison/difference.ts';

/** A runner that has not reported for this time is presumed dead, and another may claim its rebuild or verification. */
export const RUNNER_SILENCE = '30 seconds';

const COLUMNS = `id, status, force, "except", cancel_requested AS "cancelRequested", progress::json, result::json,
  requested_at AS "requestedAt", started_at AS "startedAt", updated_at AS "updatedAt", finished_at AS "finishedAt"`;

/** There is one row: a new request replaces one that has ended, and has no effect otherwise. */
const REQUEST = `INSERT INTO rebuild_requests AS r (name, id, force, "except") VALUES ($1, $2, $3, $4)
  ON CONFLICT (name) DO UPDATE SET id = excluded.id, status = 'requested', force = excluded.force,
    "except" = excluded."except", cancel_requested = false, runner = NULL, progress = NULL, result = NULL,
    requested_at = now(), started_at = NULL, updated_at = now(), finished_at = NULL
  WHERE r.status NOT IN ('requested', 'running')`;

const READ = `SELECT ${COLUMNS} FROM rebuild_requests WHERE name = $1`;

const CANCEL = `UPDATE rebuild_requests SET cancel_requested = true,
    status = CASE status WHEN 'requested' THEN 'cancelled' ELSE status END,
    finished_at = CASE status WHEN 'requested' THEN now() END
  WHERE name = $1 AND status IN ('requested', 'running')`;

const CLAIM = `UPDATE rebuild_requests SET status = 'running', runner = $2, started_at = coalesce(started_at, now()),
    updated_at = now()
  WHERE name = $1 AND (status = 'requested' OR status = 'running' AND updated_at < now() - interval '${RUNNER_SILENCE}')
  RETURNING ${COLUMNS}`;

const REPORT = `UPDATE rebuild_requests SET progress = coalesce($3::jsonb, progress), updated_at = now()
  WHERE name = $1 AND runner = $2 AND status = 'running' RETURNING cancel_requested AS cancelled`;

const FINISH = `UPDATE rebuild_requests SET status = $3, result = $4, updated_at = now(), finished_at = now()
  WHERE name = $1 AND runner = $2 AND status = 'running'`;

/** The response to a report: continue, stop because the rebuild is cancelled, or because another runner has claimed it. */
type ReportResponse = 'continue' | 'cancelled' | 'lost';

/**
 * Rebuilds that one process requests and another runs, stored in Postgres. Every method rejects with
 * ReadModelUnavailableError or SchemaMismatchError.
 */
export class RebuildRequests extends PostgresService {
  readonly name = 'rebuild requests';

  constructor(options: PoolOptions) {
    super({ maxConnections: 2, ...options });
  }

  /** Requests a rebuild; returns the present request if that has not ended. */
  async request({ force, except }: Pick<RebuildRequest, 'force' | 'except'>): Promise<RebuildRequest> {
    await this.#ask(REQUEST, [uuidV7(Date.now(), randomUUID()), force, except]);
    const request = await this.read();
    if (request === undefined) throw new Error('the request for a rebuild was deleted');
    return request;
  }

  /** The last request; undefined when there never was one. */
  async read(): Promise<RebuildRequest | undefined> {
    return (await this.#ask<RebuildRequest>(READ, []))[0];
  }

  /** Cancels the request if it has not ended; returns the last request. */
  async cancel(): Promise<RebuildRequest | undefined> {
    await this.#ask(CANCEL, []);
    return this.read();
  }

  /** Claims a request that no live runner has claimed. */
  async claim(runner: string): Promise<RebuildRequest | undefined> {
    return (await this.#ask<RebuildRequest>(CLAIM, [runner]))[0];
  }

  /** Reports progress and that the runner is alive; call it every few seconds. */
  async report(runner: string, progress: RebuildProgress | undefined): Promise<ReportResponse> {
    const json = progress === undefined ? null : JSON.stringify(progress);
    const [row] = await this.#ask<{ cancelled: boolean }>(REPORT, [runner, json]);
    if (row === undefined) return 'lost';
    return row.cancelled ? 'cancelled' : 'continue';
  }

  async finish(runner: string, status: RebuildStatus, result: RebuildResult): Promise<void> {
    await this.#ask(FINISH, [runner, status, JSON.stringify(result)]);
  }

  #ask<Row extends QueryResultRow>(text: string, values: readonly unknown[]): Promise<Row[]> {
    return this.use(async (pool) => (await pool.query<Row>(text, [JOBS_PROJECTION, ...values])).rows);
  }
}

/** `differs`: the tables were compared, differed and were not swapped. */
export type RebuildStatus = 'requested' | 'running' | 'completed' | 'differs' | 'failed' | 'cancelled';

/** Progress of a rebuild in events, indexes or rows, depending on the step. */
export interface RebuildProgress {
  readonly step: string;
  readonly done: number;
  readonly total: number;
}

/** A requested rebuild and its result; times are RFC 3339. */
export interface RebuildRequest {
  readonly id: string;
  readonly status: RebuildStatus;
  readonly force: boolean;
  /** Columns of `jobs` that may differ. */
  readonly except: readonly string[];
  readonly cancelRequested: boolean;
  readonly progress: RebuildProgress | null;
  readonly result: RebuildResult | null;
  readonly requestedAt: string;
  readonly startedAt: string | null;
  readonly updatedAt: string;
  readonly finishedAt: string | null;
}

export interface RebuildResult {
  /** The sequence at which the tables were compared and swapped. */
  readonly position?: number;
  readonly jobs?: number;
  /** The first ones found. */
  readonly differences?: readonly Difference[];
  /** Why it failed. */
  readonly reason?: string;
}
