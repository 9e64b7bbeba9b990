import type { JobEvent } from '@jobstream/client';
import { expect, test } from 'vitest';
import { stepsOf } from './stepsOf.ts';

type Told = readonly [event: string, data?: object, version?: number];

/** What a history shows of steps: each event a second after the one before. */
function shown(...events: readonly Told[]) {
  const history = events.map(([event, data = {}, version], index) => {
    const at = new Date(index * 1_000).toISOString();
    return { event, data, at, version: version ?? index + 1 } as unknown as JobEvent;
  });
  return stepsOf(history).map(({ name, key = '-', attempt, result, error }) =>
    [name, key, attempt, error?.message ?? String(result)].join(' '),
  );
}

const created: Told = ['JobCreated'];
const recorded = (attempt: number, ...steps: readonly object[]): Told => ['JobStepsRecorded', { attempt, steps }];
const carried = (version: number, event = 'JobCarriedWithSteps'): Told => [
  event,
  { steps: [{ name: 'charge', result: 'carried', attempt: 1, at: '2026-01-01T00:00:01.000Z' }] },
  version,
];
const paid = { name: 'charge', result: 'paid' };

test('each step is shown as it was recorded last, where it was recorded first', () => {
  const declined = { name: 'charge', error: { name: 'Error', message: 'declined' } };
  const sent = ['a', 'b'].map((key) => ({ name: 'send', key, result: 1 }));
  expect(shown(created, recorded(1, declined, ...sent))).toEqual(['charge - 1 declined', 'send a 1 1', 'send b 1 1']);
  expect(shown(created, recorded(1, declined, ...sent), recorded(2, paid))[0]).toBe('charge - 2 paid');
});

test('a step has the time of the event that has recorded it', () => {
  const event = {
    event: 'JobStepsRecorded',
    at: '2026-01-01T00:00:01.000Z',
    version: 1,
    data: { attempt: 1, steps: [paid] },
  };
  expect(stepsOf([event as unknown as JobEvent])).toMatchObject([{ endedAt: '2026-01-01T00:00:01.000Z' }]);
});

test('another payload drops them, unless it keeps them', () => {
  expect(shown(created, recorded(1, paid), ['JobPayloadChanged', {}])).toEqual([]);
  expect(shown(created, recorded(1, paid), ['JobPayloadChanged', { keepSteps: true }])).toEqual(['charge - 1 paid']);
});

test('a history that begins with a carried job has the steps with which it was carried', () => {
  expect(shown(carried(7), ['JobStepsRecorded', { attempt: 2, steps: [{ name: 'send', result: 1 }] }, 8])).toEqual([
    'charge - 1 carried',
    'send - 2 1',
  ]);
  expect(shown(carried(7, 'JobCarriedWaiting'))).toEqual(['charge - 1 carried']);
  // Of one that lacks nothing the events tell more.
  expect(shown(created, recorded(1, paid), carried(3))).toEqual(['charge - 1 paid']);
  expect(shown(created, recorded(1, paid, { name: 'old' }), carried(9))).toEqual(['charge - 1 carried']);
  expect(shown(created, recorded(1, paid), ['JobCarried', {}, 9])).toEqual([]);
});
