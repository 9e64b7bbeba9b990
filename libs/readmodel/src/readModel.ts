import type { Job, RecordedStep } from '@jobstream/domain';
import { readCheckpoint } from './projection/checkpointFence.ts';
import type { Checkpoint } from './projection/checkpointFence.ts';
import { announceWaitingReader } from './projection/waitingReaders.ts';
import { countJobs, countUnreadableJobs } from './jobs/jobQueries.ts';
import type { JobCount } from './jobs/jobQueries.ts';
import type { JobFilter } from './jobs/jobFilter.ts';
import { countMatchingByType, countMatchingJobs } from './jobs/jobQueries.ts';
import { findLastSucceeded } from './jobs/findLastSucceeded.ts';
import { findQueuePosition } from './jobs/queuePosition.ts';
import type { QueuedJob, QueuePosition } from './jobs/queuePosition.ts';
import { findJob, findJobs } from './jobs/jobQueries.ts';
import type { ProjectedJob } from './jobs/jobQueries.ts';
import { findJobReferences, oldestPending } from './jobs/jobQueries.ts';
import type { JobReference } from './jobs/jobQueries.ts';
import { listJobs } from './jobs/jobQueries.ts';
import type { CountQuery, JobListQuery, JobPage } from './jobs/jobQueries.ts';
import type { Page, PageQuery } from './jobs/jobPage.ts';
import { readSteps } from './jobs/jobSteps.ts';
import { readSearchPaths } from './search/searchPaths.ts';
import type { SearchPaths } from './search/searchPaths.ts';
import { readPastCheckpoint } from './past/pastCheckpoint.ts';
import type { PastCheckpoint } from './past/pastCheckpoint.ts';
import { countPastJobs, listPastJobs, pastSequenceAt } from './past/readPast.ts';
import type { PastJobReference, PastQuery } from './past/readPast.ts';
import { readFailures } from './failures/readFailures.ts';
import type { Failures, FailuresQuery } from './failures/readFailures.ts';
import { readSharedTraits, type SharedTraits, type SharedTraitsQuery } from './failures/sharedTraits.ts';
import { readStatistics } from './statistics/readStatistics.ts';
import type { StatisticsPage, StatisticsQuery } from './statistics/readStatistics.ts';
import { PostgresService } from './postgres/postgresService.ts';

/**
 * Queries the jobs in Postgres, each query within 5 s. Every method rejects with ReadModelUnavailableError while Postgres
 * is unavailable, and with SchemaMismatchError while migrations of this release are missing.
 */
export class ReadModel extends PostgresService {
  readonly name = 'read model';

  /** Finds a job by its id, a UUID; undefined if it has not been projected (yet). */
  findJob(id: string): Promise<ProjectedJob | undefined> {
    return this.use((pool) => findJob(pool, id));
  }

  /** Reads the steps of a job, each as it was recorded last, in the order in which they have ended. */
  readSteps(jobId: string): Promise<readonly RecordedStep[]> {
    return this.use((pool) => readSteps(pool, jobId));
  }

  /** Finds jobs by their ids; those that have not been projected are missing. */
  findJobs(ids: readonly string[]): Promise<ReadonlyMap<string, Job>> {
    return this.use((pool) => findJobs(pool, ids));
  }

  /**
   * Lists jobs page by page.
   *
   * @throws InvalidCursorError; RangeError for a bad limit; QueryTooExpensiveError where no index serves the filter or the
   * sort, and reading the table takes too long.
   */
  listJobs(query: JobListQuery): Promise<JobPage> {
    return this.use((pool) => listJobs(pool, query));
  }

  /** As `listJobs`, newest first, without payloads and everything else that can be large. */
  findJobReferences(query: Omit<PageQuery, 'sort'>): Promise<Page<JobReference>> {
    return this.use((pool) => findJobReferences(pool, query));
  }

  /**
   * Finds the job that has succeeded and is most like another one, among the newest 1,000 of its type and tenant: the last to end of those
   * that share the most tags. @throws QueryTooExpensiveError.
   */
  findLastSucceeded(job: Pick<Job, 'id' | 'type' | 'tenant' | 'tags'>): Promise<string | undefined> {
    return this.use((pool) => findLastSucceeded(pool, job));
  }

  /** Finds how many jobs are ahead of a pending one, and how fast they go. */
  findQueuePosition(job: QueuedJob): Promise<QueuePosition> {
    return this.use((pool) => findQueuePosition(pool, job));
  }

  /** Counts the jobs that a filter matches, up to `upTo`. @throws QueryTooExpensiveError. */
  countMatchingJobs(filter: CountQuery, upTo: number): Promise<number> {
    return this.use((pool) => countMatchingJobs(pool, filter, upTo));
  }

  /** Counts matching jobs by type and status, the largest number first; `upTo` of them. @throws QueryTooExpensiveError. */
  countMatchingByType(filter: JobFilter, upTo: number): Promise<readonly JobCount[]> {
    return this.use((pool) => countMatchingByType(pool, filter, upTo));
  }

  /** Counts jobs (of a tenant, or all) by type and status; combinations without a job are left out. */
  countJobs(tenant?: string): Promise<readonly JobCount[]> {
    return this.use((pool) => countJobs(pool, tenant));
  }

  /** Reads the paths by which jobs can be searched. */
  readSearchPaths(): Promise<SearchPaths> {
    return this.use((pool) => readSearchPaths(pool));
  }

  /** Groups the failed jobs of a period, of the newest 100,000. @throws QueryTooExpensiveError. */
  readFailures(query: FailuresQuery): Promise<Failures> {
    return this.use((pool) => readFailures(pool, query));
  }

  /**
   * Reads what the newest 1,000 jobs of a group of failures share, and the newest 1,000 others of its type do not.
   *
   * @throws QueryTooExpensiveError.
   */
  readSharedTraits(query: SharedTraitsQuery): Promise<SharedTraits> {
    return this.use((pool) => readSharedTraits(pool, query));
  }

  /** Counts the jobs with events that only a newer release can read: none of this one runs them. */
  countUnreadableJobs(): Promise<number> {
    return this.use(countUnreadableJobs);
  }

  /** A sentence about these jobs for operators; undefined if there are none. */
  async noteOnUnreadableJobs(): Promise<string | undefined> {
    const jobs = await this.countUnreadableJobs();
    return jobs === 0 ? undefined : `${jobs} jobs have events that only a newer release can read, and wait for it`;
  }

  /** Returns when the oldest pending job of each type was created (RFC 3339); types without one are left out. */
  oldestPending(types: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return this.use((pool) => oldestPending(pool, types));
  }

  /** Reads what happened to jobs, period by period, and how long they ran and waited. */
  readStatistics(query: StatisticsQuery): Promise<StatisticsPage> {
    return this.use((pool) => readStatistics(pool, query));
  }

  /** Reads how far the log has been projected; undefined before the first start of the projector. */
  readCheckpoint(): Promise<Checkpoint | undefined> {
    return this.use(readCheckpoint);
  }

  /** Asks the projector to write at once what it gathers for its next batch: somebody waits for it. */
  hastenProjection(): Promise<void> {
    return this.use(announceWaitingReader);
  }

  /** Reads how far the past states of jobs are known; undefined while no follower writes them. */
  readPastCheckpoint(): Promise<PastCheckpoint | undefined> {
    return this.use(readPastCheckpoint);
  }

  /** Returns the sequence of the last change of a job by this time (RFC 3339); 0 for none. */
  pastSequenceAt(time: string): Promise<number> {
    return this.use((pool) => pastSequenceAt(pool, time));
  }

  /** Lists the jobs that there were after an event, newest first. @throws InvalidCursorError, QueryTooExpensiveError. */
  listPastJobs(query: PastQuery): Promise<Page<PastJobReference>> {
    return this.use((pool) => listPastJobs(pool, query));
  }

  /** Counts the jobs that there were after an event, by type and status. @throws QueryTooExpensiveError. */
  countPastJobs(sequence: number, tenant?: string): Promise<readonly JobCount[]> {
    return this.use((pool) => countPastJobs(pool, sequence, tenant));
  }
}
