import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { scratchDataFolder } from '@jobstream/testing';
import { expect, test } from 'vitest';
import { recordAddresses, runningAddresses } from './runningAddresses.ts';

test('the addresses of a run tell producers and workers how to join it, while it runs', async () => {
  const dataDir = await scratchDataFolder('addresses');
  const env = { NATS_URL: 'nats://127.0.0.1:4222', NATS_USER: 'worker', NATS_PASSWORD: 'p@ss', PATH: '/bin' };
  const remove = recordAddresses(dataDir, env, 'http://127.0.0.1:3000');
  const file = path.join(dataDir, 'addresses.json');
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
    api: 'http://127.0.0.1:3000',
    nats: { worker: 'nats://worker:p%40ss@127.0.0.1:4222' },
  });
  expect(statSync(file).mode % 0o1000).toBe(0o600);
  expect(runningAddresses(dataDir)).toEqual({ NATS_URL: 'nats://127.0.0.1:4222' });
  remove();
  expect(runningAddresses(dataDir)).toBeUndefined();
});
