import { expect, test } from 'vitest';
import { readConfig } from '@jobstream/runtime';
import { DEFAULT_MAX_AGE, expiryDefaults } from './expiryDefaults.ts';

test('the log of npm start is archived in the data folder, and keeps events for some days', () => {
  const defaults = expiryDefaults({ JOBS_MAX_AGE: '' }, '/data');
  expect(defaults).toEqual({ JOBS_MAX_AGE: DEFAULT_MAX_AGE, ARCHIVE: '/data/archive' });
  expect(readConfig(defaults).JOBS_MAX_AGE).toBe(7 * 86_400_000);
});

test.each([{ JOBS_MAX_AGE: '0' }, { JOBS_MAX_AGE: '2s' }, { ARCHIVE: '/elsewhere' }, { NATS_URL: 'nats://own:4222' }])(
  'what the user says about it is not changed: %o',
  (env) => expect(expiryDefaults(env, '/data')).toEqual({}),
);
