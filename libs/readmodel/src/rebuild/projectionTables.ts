/** The tables that the projection of jobs is made of, all of them built from the log alone. */
export const PROJECTION_TABLES = ['jobs', 'job_counts', 'job_statistics', 'quarantined_messages'] as const;

/** Beside them in a schema of their own, second tables have a checkpoint of their own. */
export const CHECKPOINTS = 'projection_checkpoints';

/** Where a rebuild or a rollback prepares what takes the place of the live tables. */
export const NEXT_SCHEMA = 'jobstream_next';

/** Where the tables wait that were live before. */
export const PREVIOUS_SCHEMA = 'jobstream_previous';

/** Where a verification folds the log. */
export const VERIFY_SCHEMA = 'jobstream_verify';
