import crypto from 'node:crypto';
import { timestampOf } from '@jobstream/domain';

/** What the domain has none of: time, new ids and chance. Tests pass their own. */
export interface Clock {
  /** The present instant as RFC 3339 text in UTC. */
  now(): string;
  newId(): string;
  /** A number in [0, 1). */
  random(): number;
}

/** The time of `time`, which is that of nats-server outside of tests, and the machine's randomness; ids are time-ordered where Node can make them (24.12 and later). */
export function systemClock(time: { now(): number }): Clock {
  return {
    now: () => timestampOf(time.now()),
    newId: () => (typeof crypto.randomUUIDv7 === 'function' ? crypto.randomUUIDv7() : crypto.randomUUID()),
    random: () => Math.random(),
  };
}
