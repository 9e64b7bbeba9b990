import type { Answer } from './answer.ts';
import type { Attempt } from './attempt.ts';
import type { Outcome } from './outcome.ts';

/** Whether the run was ended because the log says that the job is cancelled. */
export function isCancelled(outcome: Outcome): boolean {
  return outcome.kind === 'aborted' && outcome.error.why === 'cancelled';
}

/** Nothing is appended: the job has its outcome. Should it be requeued, that is another message. */
export function answerToCancelled({ logger }: Attempt, { durationMs }: Outcome): Answer {
  logger.info({ durationMs }, 'cancelled: the handler was stopped, and its outcome is dropped');
  return { answer: 'ack' };
}
