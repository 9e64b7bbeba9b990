/** The payload is not what the handler takes; `problems` has one line for each mistake, beginning with its path. */
export class InvalidPayloadError extends Error {
  readonly code = 'INVALID_PAYLOAD';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('; '));
    this.name = 'InvalidPayloadError';
    this.problems = problems;
  }
}
