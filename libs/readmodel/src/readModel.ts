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
 * Answers questions about jobs from Postgres, each within 5 s. Every method rejects with ReadModelUnavailableError
 * while Postgres is away, and with SchemaMismatchError while migrations of this release are missing.
 */
export class ReadModel {
  readonly name = 'read model';
  readonly #pool: MigratedPool;

  constructor(options: PoolOptions) {
    this.#pool = new MigratedPool(options);
  }

  /** Checks the tables. Postgres being away is no failure: the rest of a process can work without it. */
  start(): Promise<void> {
    return this.#pool.start();
  }

  stop(): Promise<void> {
    return this.#pool.stop();
  }

  /** Whether the read model can answer: resolves, or rejects with the reason. */
  async ping(): Promise<void> {
    await this.#pool.use((pool) => pool.query('SELECT 1'));
  }

  /** The job, or undefined if it has not been projected (yet). The id must be a UUID. */
  findJob(id: string): Promise<ProjectedJob | undefined> {
    return this.#pool.use((pool) => findJob(pool, id));
  }

  /** Jobs newest first, page by page. InvalidCursorError, RangeError for a bad limit. */
  listJobs(query: JobListQuery): Promise<JobPage> {
    return this.#pool.use((pool) => listJobs(pool, query));
  }

  /** As `listJobs`, without payloads and all else that can be large. */
  findJobReferences(query: PageQuery): Promise<Page<JobReference>> {
    return this.#pool.use((pool) => findJobReferences(pool, query));
  }

  /** How many jobs there are that a filter matches; counts no further than `upTo`. */
  countMatchingJobs(filter: JobFilter, upTo: number): Promise<number> {
    return this.#pool.use((pool) => countMatchingJobs(pool, filter, upTo));
  }

  /** How many jobs there are (of a tenant, or in all) by type and status; combinations without a job are left out. */
  countJobs(tenant?: string): Promise<readonly JobCount[]> {
    return this.#pool.use((pool) => countJobs(pool, tenant));
  }

  /** What happened to jobs, period by period, and how long they ran and waited. */
  readStatistics(query: StatisticsQuery): Promise<StatisticsPage> {
    return this.#pool.use((pool) => readStatistics(pool, query));
  }

  /** How far the log has been projected; undefined before the projector has started for the first time. */
  readCheckpoint(): Promise<Checkpoint | undefined> {
    return this.#pool.use(readCheckpoint);
  }
}
