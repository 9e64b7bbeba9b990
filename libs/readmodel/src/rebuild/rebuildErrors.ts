/** The tables cannot be rebuilt, rolled back or compared as asked; the sentence says what to do instead. */
export class RebuildRefusedError extends Error {
  readonly code = 'REBUILD_REFUSED';

  constructor(sentence: string) {
    super(sentence);
    this.name = 'RebuildRefusedError';
  }
}

/** Somebody has asked for an end of the rebuild that runs. */
export class RebuildCancelledError extends Error {
  readonly code = 'REBUILD_CANCELLED';

  constructor() {
    super('cancelled: the tables in use are as they were');
    this.name = 'RebuildCancelledError';
  }
}

/** Both sets of tables could not be had at one position in time; nothing was changed. Try again in a moment. */
export class StepMissedError extends Error {
  readonly code = 'STEP_MISSED';

  constructor(detail: string, options?: ErrorOptions) {
    super(`the tables could not be held still: ${detail}`, options);
    this.name = 'StepMissedError';
  }
}
