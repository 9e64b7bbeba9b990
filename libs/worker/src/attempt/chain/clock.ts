import { timestampOf } from '@jobstream/domain';
import { newId } from '@jobstream/eventlog';

/** What the domain has none of: time, new ids and chance. Tests pass their own. */
export interface Clock {
  /** The present instant as RFC 3339 text in UTC. */
  now(): string;
  newId(): string;
  /** A number in [0, 1). */
  random(): number;
}

/** The time of `time`, which is that of nats-server outside of tests, and the machine's randomness. */
export function systemClock(time: { now(): number }): Clock {
  return {
    now: () => timestampOf(time.now()),
    newId,
    random: () => Math.random(),
  };
}
