import type { JobEvent } from '@jobstream/domain';
import type { Answer } from './answer.ts';

/** A released job is offered to another worker at once; every other outcome settles this call for work. */
export function answerToEvent({ event }: JobEvent): Answer {
  return event === 'JobReleased' ? { answer: 'release' } : { answer: 'ack' };
}
