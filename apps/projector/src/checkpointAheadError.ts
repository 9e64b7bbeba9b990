/** The read model was written from another log than this one, or this one was lost; waiting would not help. */
export class CheckpointAheadError extends Error {
  readonly code = 'CHECKPOINT_AHEAD';

  constructor(checkpoint: number, lastSequence: number) {
    super(
      `the read model is at sequence ${checkpoint}, but the log ends at ${lastSequence}: ` +
        'the log was lost or replaced. Restore it, or empty the database so that it is built from this log',
    );
    this.name = 'CheckpointAheadError';
  }
}
