/** Postgres is unavailable: unreachable, starting, out of connections, or too slow. Try again later. */
export class ReadModelUnavailableError extends Error {
  readonly code = 'READ_MODEL_UNAVAILABLE';

  constructor(detail: string, options?: ErrorOptions) {
    super(`the read model is not available: ${detail}`, options);
    this.name = 'ReadModelUnavailableError';
  }
}

/** Postgres refuses the user or has no such database: waiting changes nothing. The message says what to do. */
export class DatabaseRefusedError extends Error {
  readonly code = 'DATABASE_REFUSED';

  constructor(sentence: string, options?: ErrorOptions) {
    super(sentence, options);
    this.name = 'DatabaseRefusedError';
  }
}

/** The database lacks tables of this release: run the migrations. */
export class SchemaMismatchError extends Error {
  readonly code = 'SCHEMA_MISMATCH';

  constructor(detail: string, options?: ErrorOptions) {
    super(`the database does not fit this release: ${detail}`, options);
    this.name = 'SchemaMismatchError';
  }
}

/** The cursor is not one that a list of jobs returned: the request is malformed. */
export class InvalidCursorError extends Error {
  readonly code = 'INVALID_CURSOR';

  constructor() {
    super('the cursor is not one that a list of jobs returned');
    this.name = 'InvalidCursorError';
  }
}

/** Finding what a request asks for takes too long: the request must be narrowed. */
export class QueryTooExpensiveError extends Error {
  readonly code = 'QUERY_TOO_EXPENSIVE';

  constructor(options?: ErrorOptions) {
    super('reading what the request may match took too long', options);
    this.name = 'QueryTooExpensiveError';
  }
}

/** A new API key is invalid; the message has a sentence for each mistake. */
export class InvalidApiKeyError extends Error {
  readonly code = 'INVALID_API_KEY';

  constructor(mistakes: readonly string[]) {
    super(mistakes.join('\n'));
    this.name = 'InvalidApiKeyError';
  }
}

/** Another process has moved or fenced the checkpoint: nothing was written, and this process must stop writing. */
export class ProjectionFencedError extends Error {
  readonly code = 'PROJECTION_FENCED';

  constructor(name: string, expectedSequence: number) {
    super(`projection ${name} is no longer at sequence ${expectedSequence}: another process writes it`);
    this.name = 'ProjectionFencedError';
  }
}

/** Rows differ from the cached states; nothing of the batch was committed. */
export class JobsOutOfStepError extends Error {
  readonly code = 'JOBS_OUT_OF_STEP';

  constructor(expected: number, found: number) {
    super(`${expected} rows of jobs should have changed, but ${found} did`);
    this.name = 'JobsOutOfStepError';
  }
}

/** The tables cannot be rebuilt, rolled back or compared; the message says what to do instead. */
export class RebuildRefusedError extends Error {
  readonly code = 'REBUILD_REFUSED';

  constructor(sentence: string) {
    super(sentence);
    this.name = 'RebuildRefusedError';
  }
}

/** The running rebuild was cancelled. */
export class RebuildCancelledError extends Error {
  readonly code = 'REBUILD_CANCELLED';

  constructor() {
    super('cancelled: the live tables are unchanged');
    this.name = 'RebuildCancelledError';
  }
}

/** The two sets of tables could not be held at one position in time; nothing was changed. Try again in a moment. */
export class TablesBusyError extends Error {
  readonly code = 'TABLES_BUSY';

  constructor(detail: string, options?: ErrorOptions) {
    super(`the tables are busy: ${detail}`, options);
    this.name = 'StepMissedError';
  }
}

/** Thrown when an operation would have too many jobs. */
export class TooManyJobsError extends Error {
  readonly code = 'TOO_MANY_JOBS';

  constructor(limit: number) {
    super(`the filter matches more than ${limit} jobs`);
    this.name = 'TooManyJobsError';
  }
}

/** Thrown when too many operations have not ended. */
export class TooManyOperationsError extends Error {
  readonly code = 'TOO_MANY_OPERATIONS';

  constructor(detail: string) {
    super(detail);
    this.name = 'TooManyOperationsError';
  }
}
