/** What was asked of the outbox of a database, such as to install or remove it, cannot be done; the message says why. */
export class OutboxRefusedError extends Error {
  readonly code = 'OUTBOX_REFUSED';

  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.name = 'OutboxRefusedError';
  }
}

/** The outbox does not answer, or is not installed: the same may succeed later. */
export class OutboxUnavailableError extends Error {
  readonly code = 'OUTBOX_UNAVAILABLE';

  constructor(reason: string, options?: ErrorOptions) {
    super(`the outbox is unavailable: ${reason}`, options);
    this.name = 'OutboxUnavailableError';
  }
}

/** Makes every failure of the database an OutboxUnavailableError. */
export async function unavailable<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (cause) {
    throw new OutboxUnavailableError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
