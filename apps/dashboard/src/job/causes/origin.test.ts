import type { JobEvent } from '@jobstream/client';
import { expect, test } from 'vitest';
import { interventionsOf, originOf } from './origin.ts';

function event(part: object): JobEvent {
  return { event: 'JobCreated', actor: { kind: 'api', id: 'anonymous' }, data: {}, ...part } as unknown as JobEvent;
}

test('a job of a tick comes from its schedule', () => {
  const actor = { kind: 'scheduler', id: 'night@home' } as const;
  const causationId = 'night@home@2026-11-27T03:00:00.000Z';
  expect(originOf(event({ actor, causationId }))).toEqual({
    actor,
    schedule: { name: 'night@home', tickAt: '2026-11-27T03:00:00.000Z' },
  });
});

test('a job may repeat another one, for a reason', () => {
  const data = { rerunOf: 'a', reason: 'it was late' };
  expect(originOf(event({ data, correlationId: 'r' }))).toMatchObject({ ...data, correlationId: 'r' });
});

test('what was carried in a backup still says what it repeats', () => {
  expect(originOf(event({ event: 'JobCarried', data: { rerunOf: 'a' } }))).toMatchObject({ rerunOf: 'a' });
});

test('changes from outside are told from the work itself', () => {
  const names = [
    'JobCreated',
    'JobStarted',
    'JobFailed',
    'JobRequeued',
    'JobReleased',
    'JobDueNow',
    'JobSignalled',
    'JobCancelled',
  ];
  const chosen = interventionsOf(names.map((name) => event({ event: name })));
  expect(chosen.map(({ event: name }) => name)).toEqual(['JobRequeued', 'JobDueNow', 'JobSignalled', 'JobCancelled']);
});
