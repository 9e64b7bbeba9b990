import os from 'node:os';
import { expect, test } from 'vitest';
import { natsConfig, natsEnvironment } from './natsConfig.ts';

test('the environment sets GOGC to 400 and GOMEMLIMIT to half of the memory', () => {
  const { GOGC, GOMEMLIMIT, PATH } = natsEnvironment({ PATH: '/bin' });
  expect({ GOGC, PATH }).toEqual({ GOGC: '400', PATH: '/bin' });
  expect(Number(GOMEMLIMIT)).toBeGreaterThan(0);
  expect(Number(GOMEMLIMIT)).toBeLessThanOrEqual(os.totalmem() / 2);
  expect(GOMEMLIMIT).toMatch(/^\d+$/);
});

test('variables that are already set take precedence', () => {
  expect(natsEnvironment({ GOGC: '100', GOMEMLIMIT: '1GiB' })).toEqual({ GOGC: '100', GOMEMLIMIT: '1GiB' });
});

test('the configuration limits what streams take on the disk and in memory', () => {
  const server = { name: 'n', host: '127.0.0.1', port: 4222, storeDir: '/data' };
  expect(natsConfig({ ...server, maxFileStore: 5_000_000 })).toMatch(
    /jetstream \{[^}]*max_memory_store: 64MB\n[^}]*max_file_store: 5000000\n[^}]*\}/,
  );
});
