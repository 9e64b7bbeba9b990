import { expect, test } from 'vitest';
import { wakeAt } from './jobTimer.ts';

const now = '2026-01-31T09:30:00.000Z';
const [soon, inAnHour, tomorrow] = ['2026-01-31T10:29:59Z', '2026-01-31T10:30:00.000Z', '2026-02-01T09:30:00Z'];

test('a job that waits within an attempt is looked at when it is due, and at least hourly', () => {
  const wakes = [soon, inAnHour, tomorrow].map((dueAt) => wakeAt(dueAt, { status: 'waiting' }, now));
  expect(wakes).toEqual([soon, inAnHour, inAnHour]);
});

test.each(['scheduled', 'retrying'] as const)('the timer of a %s job fires when the job is due', (status) => {
  expect(wakeAt(tomorrow, { status }, now)).toBe(tomorrow);
});
