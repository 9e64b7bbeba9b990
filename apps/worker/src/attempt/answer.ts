import type { Delivery } from '@jobstream/eventlog';

/**
 * What becomes of a delivery. `ack`: nothing is left to do. `release`: it comes again, at once or later. `leave`: no
 * answer, since the message may be in another worker's hands by now, and an answer would take it from there; if it is
 * in nobody's, the server delivers it again when its wait for the acknowledgement is over.
 */
export type Answer =
  { readonly answer: 'ack' } | { readonly answer: 'release'; readonly afterMs?: number } | { readonly answer: 'leave' };

export function give(answer: Answer, delivery: Delivery): void {
  if (answer.answer === 'ack') delivery.ack();
  else if (answer.answer === 'release') delivery.nak(answer.afterMs);
}
