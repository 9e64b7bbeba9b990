import { readConfig } from '@jobstream/runtime';
import { expect, test } from 'vitest';
import { workerSettings } from './workerSettings.ts';

const warningsOf = (env: Readonly<Record<string, string>>) => workerSettings({}, env).warnings;

test.each([
  ['WORKER_CONCURENCY', 'WORKER_CONCURRENCY'],
  ['NATS_ULR', 'NATS_URL'],
  ['SHUTDOWN_GRACE_S', 'SHUTDOWN_GRACE_MS'],
  ['WORKER_NAMES', 'WORKER_NAME'],
  ['LOG_LEVL', 'LOG_LEVEL'],
])('%s is named with the setting of a worker that may be meant: %s', (name, meant) => {
  expect(warningsOf({ [name]: '1' })).toEqual([`${name} is not a setting and has no effect: is ${meant} meant?`]);
});

test('settings of a worker and of other processes, and what resembles one that is set, are not named', () => {
  const ofOthers = Object.keys(readConfig({})).map((name) => [name, '']);
  const foreign = ['NATS_TOKEN', 'NATS_CERT', 'NATS_HOST', 'GNATS_URL', 'WORKER_ID', 'LOG_FILE', 'RAILS_LOG_LEVEL'];
  expect(warningsOf(Object.fromEntries([...ofOthers, ...foreign.map((name) => [name, 'x'])]))).toEqual([]);
  expect(warningsOf({ NATS_URL: 'nats://here', NATS_URI: 'nats://there' })).toEqual([]);
  expect(workerSettings({ natsUrl: 'nats://here' }, { NATS_URL: 'nats://there' }).warnings).toEqual([]);
});
