import { expect } from 'vitest';
import type { BatchPublisher } from '../src/connection/publisher.ts';

/**
 * Reports the first append or batch as not acknowledged, and sends it right before the acknowledged publish of the
 * second try, so that each further try conflicts with it.
 */
export function delayFirst(publisher: BatchPublisher): BatchPublisher {
  const delayed: (() => void)[] = [];
  let tries = 0;
  return {
    publishWithoutAck: (...message) => {
      if (tries === 0) delayed.push(() => publisher.publishWithoutAck(...message));
      else publisher.publishWithoutAck(...message);
    },
    publish: (subject, body, headers, onOutcome) => {
      tries++;
      if (tries === 1) {
        delayed.push(() => publisher.publish(subject, body, headers, () => undefined));
        onOutcome({ kind: 'unknown', reason: 'delayed' });
        return;
      }
      for (const send of delayed.splice(0)) send();
      publisher.publish(subject, body, headers, (outcome) => {
        expect(outcome).toMatchObject({ kind: 'refused' });
        onOutcome(outcome);
      });
    },
  };
}
