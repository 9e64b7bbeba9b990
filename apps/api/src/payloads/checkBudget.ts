/** Evaluations of subschemas for one payload. A payload of ten fields needs about twenty. */
const MAX_STEPS = 5_000;
/** For the payloads of one request together. */
const MAX_REQUEST_STEPS = 50_000;
const MAX_MS = 20;
const MAX_REQUEST_MS = 100;
/** Small schemas never ask for the time. A step of the largest payload takes milliseconds, so then each of them does. */
const STEPS_WITHOUT_CLOCK = 8;

/** Thrown inside an evaluation that has used up its budget. */
export class CheckBudgetExceededError extends Error {
  readonly code = 'CHECK_BUDGET_EXCEEDED';

  constructor() {
    super(`checking a payload takes more than ${MAX_STEPS} steps`);
    this.name = 'CheckBudgetExceededError';
  }
}

/**
 * Limits the work of checking the payloads of one request, in steps and in time. The number of steps decides for all but
 * the largest payloads, so that the outcome does not depend on the load of the machine.
 */
export class CheckBudget {
  #steps = 0;
  #requestSteps = 0;
  #startedAt = 0;
  #requestMs = 0;

  /** Whether nothing is left for further payloads of the request. */
  isUsedUp(): boolean {
    return this.#requestSteps >= MAX_REQUEST_STEPS || this.#requestMs >= MAX_REQUEST_MS;
  }

  /** Begins with the next payload. */
  begin(): void {
    this.#steps = 0;
    this.#startedAt = performance.now();
  }

  /** @throws CheckBudgetExceededError */
  spend(): void {
    if (++this.#steps > MAX_STEPS || ++this.#requestSteps > MAX_REQUEST_STEPS) throw new CheckBudgetExceededError();
    if (this.#steps > STEPS_WITHOUT_CLOCK) this.#checkTime();
  }

  /** Ends the payload that began last. */
  end(): void {
    this.#requestMs += performance.now() - this.#startedAt;
  }

  #checkTime(): void {
    const ms = performance.now() - this.#startedAt;
    if (ms > MAX_MS || this.#requestMs + ms > MAX_REQUEST_MS) throw new CheckBudgetExceededError();
  }
}
