import { readCheckpoint } from './projection/checkpointFence.ts';
import type { Checkpoint } from './projection/checkpointFence.ts';
import type { PoolOptions } from './postgres/migratedPool.ts';
import { countJobs } from './jobs/jobQueries.ts';
import type { JobCount } from './jobs/jobQueries.ts';
import { countMatchingJobs } from './jobs/jobQueries.ts';
import { findJob } from './jobs/jobQueries.ts';
import type { ProjectedJob } from './jobs/jobQueries.ts';
import { findJobReferences } from './jobs/jobQueries.ts';
import type { JobReference } from './jobs/jobQueries.ts';
import type { JobFilter } from './jobs/jobPage.ts';
import { listJobs } from './jobs/jobQueries.ts';
import type { JobListQuery, JobPage } from './jobs/jobQueries.ts';
import type { Page, PageQuery } from './jobs/jobPage.ts';
import { readStatistics } from './statistics/readStatistics.ts';
import type { StatisticsPage, StatisticsQuery } from './statistics/readStatistics.ts';
import { MigratedPool } from './postgres/migratedPool.ts';

/**
 * Queries the jobs in Postgres, each query within 5 s. Every method rejects with ReadModelUnavailableError while Postgres
 * is unavailable, and with SchemaMismatchError while migrations of this release are missing.
 */
export class ReadModel {
  readonly name = 'read model';
  readonly #pool: MigratedPool;

  constructor(options: PoolOptions) {
    this.#pool = new MigratedPool(options);
  }

  /** Checks the tables; resolves also while Postgres is unavailable, since the rest of a process can work without it. */
  start(): Promise<void> {
    return this.#pool.start();
  }

  stop(): Promise<void> {
    return this.#pool.stop();
  }

  /** Resolves if the read model is available; rejects with the reason otherwise. */
  async ping(): Promise<void> {
    await this.#pool.use((pool) => pool.query('SELECT 1'));
  }

  /** Finds a job by its id, a UUID; undefined if it has not been projected (yet). */
  findJob(id: string): Promise<ProjectedJob | undefined> {
    return this.#pool.use((pool) => findJob(pool, id));
  }

  /** Lists jobs newest first, page by page. @throws InvalidCursorError; RangeError for a bad limit. */
  listJobs(query: JobListQuery): Promise<JobPage> {
    return this.#pool.use((pool) => listJobs(pool, query));
  }

  /** As `listJobs`, without payloads and everything else that can be large. */
  findJobReferences(query: PageQuery): Promise<Page<JobReference>> {
    return this.#pool.use((pool) => findJobReferences(pool, query));
  }

  /** Counts the jobs that a filter matches, up to `upTo`. */
  countMatchingJobs(filter: JobFilter, upTo: number): Promise<number> {
    return this.#pool.use((pool) => countMatchingJobs(pool, filter, upTo));
  }

  /** Counts jobs (of a tenant, or all) by type and status; combinations without a job are left out. */
  countJobs(tenant?: string): Promise<readonly JobCount[]> {
    return this.#pool.use((pool) => countJobs(pool, tenant));
  }

  /** Reads what happened to jobs, period by period, and how long they ran and waited. */
  readStatistics(query: StatisticsQuery): Promise<StatisticsPage> {
    return this.#pool.use((pool) => readStatistics(pool, query));
  }

  /** Reads how far the log has been projected; undefined before the first start of the projector. */
  readCheckpoint(): Promise<Checkpoint | undefined> {
    return this.#pool.use(readCheckpoint);
  }
}
