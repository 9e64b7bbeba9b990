import type { Msg } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { AckBuffer } from '../connection/ackBuffer.ts';
import { ConsumerMessage } from '../connection/consumerMessage.ts';
import { decodeFiredTimer } from './firedTimer.ts';

const AT = '2026-03-01T12:00:00.000Z';
const DUE_MS = Date.parse(AT);
const HOUR_MS = 3_600_000;
const acks = new AckBuffer({ publish: () => undefined } as unknown as ConstructorParameters<typeof AckBuffer>[0]);

/** A timer for noon that the server fired at `storedMs`, in its delivery with this number, decoded when it is `now` there. */
function decode(storedMs: number, now: number, delivery = 1) {
  const reply = `$JS.ACK.TIMERS.due-email.${delivery}.7.1.${storedMs * 1_000_000}.0`;
  const data = Buffer.from(JSON.stringify({ jobId: '0193a3f0-0000-7000-8000-000000000001', jobType: 'email', at: AT }));
  return decodeFiredTimer(
    new ConsumerMessage(acks, { subject: 'timers.due.email', reply, data } as Partial<Msg> as Msg),
    now,
  );
}

test.each([0, -HOUR_MS, HOUR_MS])(
  'a timer that fired at its time is due, also for a process that is wrong about the time by %d ms',
  (wrongMs) => {
    expect(decode(DUE_MS, DUE_MS + wrongMs)).toMatchObject({ kind: 'due', dueAt: AT, deliveryCount: 1 });
  },
);

test('a timer that fired early waits for the rest of its time, and its first delivery does not count', () => {
  const firedAt = DUE_MS - 20_000;
  expect(decode(firedAt, firedAt + 5_000)).toEqual({ kind: 'early', delayMs: 15_000 });
  expect(decode(firedAt, DUE_MS, 2)).toMatchObject({ kind: 'due', dueAt: AT, deliveryCount: 1 });
  expect(decode(firedAt, DUE_MS, 3)).toMatchObject({ kind: 'due', dueAt: AT, deliveryCount: 2 });
});

test('a timer that fired early waits no longer than it fired early, however wrong the process is about the time', () => {
  expect(decode(DUE_MS - 20_000, DUE_MS - HOUR_MS)).toEqual({ kind: 'early', delayMs: 20_000 });
});

test('a timer that cannot have been fired so early on purpose says nothing about the time', () => {
  expect(decode(DUE_MS - HOUR_MS, DUE_MS - HOUR_MS)).not.toHaveProperty('dueAt');
});
