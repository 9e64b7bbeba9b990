import type { Msg } from '@nats-io/transport-node';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AckBuffer } from './ackBuffer.ts';
import { ConsumerMessage } from './consumerMessage.ts';

/** A message that was stored at this time, in nanoseconds since 1970. */
function storedAt(nanos: bigint, account = ''): ConsumerMessage {
  const reply = `$JS.ACK.${account}JOBS.follower-1.2.812.7.${nanos}.40`;
  return new ConsumerMessage({} as AckBuffer, { subject: 'jobs.email.1.created', reply } as Msg);
}

const NANOS_PER_MS = 1_000_000n;
const BEGIN = BigInt(Date.parse('2026-01-01T00:00:00Z')) * NANOS_PER_MS;
const END = BigInt(Date.parse('2100-01-01T00:00:00Z')) * NANOS_PER_MS;
/** Of these times a number would lie in the next millisecond. */
const lastOfAMillisecond = fc.bigInt(BEGIN / NANOS_PER_MS, END / NANOS_PER_MS).map((ms) => ms * NANOS_PER_MS - 1n);

test('the time of a message is cut to milliseconds, as where it is read without a consumer', () => {
  fc.assert(
    fc.property(fc.oneof(fc.bigInt(BEGIN, END), lastOfAMillisecond), (nanos) => {
      const ms = Number(nanos / NANOS_PER_MS);
      const text = new Date(ms).toISOString();
      expect(storedAt(nanos).storedAtMs()).toBe(ms);
      expect(storedAt(nanos).storedAt()).toBe(text);
      const whole = `${text.slice(0, -5)}.${(nanos % 1_000_000_000n).toString().padStart(9, '0')}Z`;
      expect(new Date(whole).toISOString()).toBe(text);
    }),
  );
});

test('the position of a message is read from its reply subject, also of servers that add a domain and an account', () => {
  for (const account of ['', '_.ACCHASH.']) {
    const { deliveryCount, sequence, deliverySequence } = storedAt(BEGIN + 1n, account);
    expect({ deliveryCount, sequence, deliverySequence }).toEqual({
      deliveryCount: 2,
      sequence: 812,
      deliverySequence: 7,
    });
    expect(storedAt(BEGIN + 1n, account).storedAt()).toBe('2026-01-01T00:00:00.000Z');
  }
});
