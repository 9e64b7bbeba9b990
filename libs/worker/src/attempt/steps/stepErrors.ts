import { UnrecoverableError } from '../../handler/handlerErrors.ts';

/** The work of a step is done and cannot be recorded: a retry would only do it again. */
export function stepsTooLarge(message: string, cause?: unknown): UnrecoverableError {
  return new UnrecoverableError(message, { code: 'STEP_RESULTS_TOO_LARGE', cause });
}

/** The handler is wrong, and is so in each attempt. */
export function misusedStep(message: string): UnrecoverableError {
  return new UnrecoverableError(message, { code: 'STEP_MISUSED' });
}
