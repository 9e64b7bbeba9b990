export { assertMigrated } from './assertMigrated.ts';
export type { Checkpoint } from './checkpoint.ts';
export type { PoolOptions } from './createPool.ts';
export { InvalidCursorError, ProjectionFencedError, ReadModelUnavailableError, SchemaMismatchError } from './errors.ts';
export type { JobCount } from './jobs/countJobs.ts';
export type { ProjectedJob } from './jobs/findJob.ts';
export type { JobListQuery, JobPage } from './jobs/listJobs.ts';
export { migrate } from './migrate.ts';
export { ReadModel } from './readModel.ts';
