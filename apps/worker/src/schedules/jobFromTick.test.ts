import { defaultBackoff, defaultCatchUp, type Schedule } from '@jobstream/domain';
import { expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { jobFromTick } from './jobFromTick.ts';

const AT = '2026-03-01T12:00:00.000Z';

const schedule: Schedule = {
  name: 'nightly',
  cron: '@daily',
  timeZone: 'UTC',
  job: { type: 'email', payload: null, maxAttempts: 1, backoff: defaultBackoff, timeoutMs: 1_000, tags: [] },
  enabled: true,
  catchUp: defaultCatchUp,
  version: 1,
  definitionVersion: 1,
  ticksFrom: AT,
  createdAt: AT,
  updatedAt: AT,
};

test('a job belongs to the tenant of its schedule', () => {
  expect(jobFromTick({ ...schedule, tenant: 'acme' }, AT, systemClock())).toMatchObject({ tenant: 'acme' });
  expect(jobFromTick(schedule, AT, systemClock())).not.toHaveProperty('tenant');
});

test('a tick makes the same job each time', () => {
  const [first, second] = [jobFromTick(schedule, AT, systemClock()), jobFromTick(schedule, AT, systemClock())];
  expect(first.jobId).toBe(second.jobId);
  expect(first.id).not.toBe(second.id);
});
