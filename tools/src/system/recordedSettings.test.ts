import { statSync } from 'node:fs';
import path from 'node:path';
import { scratchDataFolder } from '@jobstream/test-support';
import { expect, test } from 'vitest';
import { recordedSettings, recordSettings } from './recordedSettings.ts';

test('the settings of the last start stay in the data folder, for its user alone', async () => {
  const dataDir = path.join(await scratchDataFolder('settings'), 'new');
  expect(recordedSettings(dataDir)).toEqual({});
  recordSettings(dataDir, { JOBS_MAX_AGE: '2d' });
  recordSettings(dataDir, { ARCHIVE: 's3://bucket', STREAM_REPLICAS: '', PATH: '/bin' });
  expect(recordedSettings(dataDir)).toEqual({ ARCHIVE: 's3://bucket' });
  expect(statSync(path.join(dataDir, 'settings.json')).mode % 0o1000).toBe(0o600);
});
